"""Find what a peer is to download among its own files."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred

from p2p_twisted.library.download_index import DownloadIndex
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source


class LocalContent:
    """What a peer shares, and what it has downloaded earlier, shared or not."""

    def __init__(self, holdings: SharedLibraries, earlier: DownloadIndex, offload: Offload) -> None:
        self._holdings = holdings
        self._earlier = earlier
        self._offload = offload

    def among(self, files: Sequence[FileId]) -> "Deferred[frozenset[FileId]]":
        """Tell which of some content seems to stand here."""
        return Deferred.fromCoroutine(self._among(files))

    def open(self, file: FileId) -> "Deferred[Source | None]":
        """Open content, if it stands here."""
        return Deferred.fromCoroutine(self._open(file))

    async def _among(self, files: Sequence[FileId]) -> frozenset[FileId]:
        shared = {file for file in files if self._holdings.name_of(file) is not None}
        return await self._offload(self._earlier.among, files) | shared

    async def _open(self, file: FileId) -> Source | None:
        source = self._holdings.open(file)
        return source if source is not None else await self._offload(self._earlier.open, file)
