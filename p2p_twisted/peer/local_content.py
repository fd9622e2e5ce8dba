"""Find what a peer is to download among its own files."""

from collections.abc import Sequence

from attrs import define
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from p2p_twisted.library.download_index import DownloadIndex
from p2p_twisted.offers.offer import Offer
from p2p_twisted.offers.seeding import Seeding
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source


@define(eq=False)
class LocalContent:
    """
    Finds content in what a peer shares, and in what it has downloaded earlier, shared or not.

    :param seeding: serves what of that was pushed, once the index is open.
    :param offload: calls what the index does on the disk.
    """

    log = Logger()

    _shared: SharedLibraries
    _earlier: DownloadIndex
    _seeding: Seeding
    _offload: Offload

    def start(self) -> None:
        """
        Begin to share, and open the index of earlier downloads in the background.

        :raises OSError: when a shared directory cannot be used.
        """
        self._shared.start()
        background(self.log, "opening what was downloaded", self._open_index())

    async def stop(self) -> None:
        """End both; returns when no thread works for them any more."""
        await self._shared.stop()
        await self._offload(self._earlier.stop)

    def among(self, file_ids: Sequence[FileId]) -> "Deferred[frozenset[FileId]]":
        """Find which of some content seems to be here."""
        return Deferred.fromCoroutine(self._among(file_ids))

    def open(self, file_id: FileId) -> "Deferred[Source | None]":
        """Open content; fires with ``None`` when it is not here."""
        return Deferred.fromCoroutine(self._open(file_id))

    def read_small(self, file_ids: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        """Read the first of some small files: see :class:`.local_copies.LocalCopies`."""
        return Deferred.fromCoroutine(self._read_small(file_ids))

    def name_of(self, file_id: FileId) -> str:
        """Name content as it is shared; what is not, by its id."""
        return self._shared.name_of(file_id) or self._seeding.name_of(file_id) or file_id

    async def has_all(self, offer: Offer) -> bool:
        """Look whether all of something that was pushed to this peer, and saved, is still here."""
        is_shared = self._shared.name_of(offer.file_id) is not None
        return is_shared or await self._seeding.has_all(offer)

    async def _open_index(self) -> None:
        await self._offload(self._earlier.start)
        await self._seeding.start()

    async def _among(self, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        shared = self._shared.among(file_ids)
        return await self._offload(self._earlier.among, file_ids) | shared

    async def _open(self, file_id: FileId) -> Source | None:
        source = await self._shared.everything.open(file_id)
        return source if source is not None else await self._offload(self._earlier.open, file_id)

    async def _read_small(self, file_ids: Sequence[FileId]) -> Sequence[bytes | None]:
        wholes = await self._shared.everything.read_small(file_ids)
        if wholes[0] is not None:
            return wholes
        return await self._offload(self._earlier.read_small, file_ids)
