"""What a peer shares: its own library, and what it has downloaded where others may have it."""

from collections.abc import Sequence
from pathlib import Path

from twisted.internet.defer import Deferred, gatherResults

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.library import Library
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source


def exclusions_line(directory: Path, excluded: Sequence[tuple[str, str]]) -> str:
    """Tell a person what in a directory turned out not to be shared, and why."""
    if len(excluded) == 1:
        [(name, why)] = excluded
        return f"{name} in {directory} is not shared: {why}"
    return f"{len(excluded):,} entries in {directory} are not shared: status tells why"


class SharedLibraries:
    """
    One or two libraries, each of which names its files by itself.

    :ivar own: what the person put into the peer's directory.
    :ivar reshared: what it has downloaded; ``None`` where others may not have that.
    """

    def __init__(self, own: Library, reshared: Library | None) -> None:
        self.own = own
        self.reshared = reshared
        self._libraries = (own,) if reshared is None else (own, reshared)

    @property
    def catalogs(self) -> tuple[Catalog, ...]:
        """What can be searched, in the order in which it is."""
        return tuple(library.catalog for library in self._libraries)

    def start(self) -> None:
        """
        Begin to look, hash and watch.

        :raises OSError: when a directory cannot be used.
        """
        for library in self._libraries:
            library.start()

    async def stop(self) -> None:
        """End it; returns when no thread works for it any more."""
        await gatherResults([library.stop() for library in self._libraries])

    async def settled(self) -> None:
        """Return once everything that was there at the start can be found."""
        for library in self._libraries:
            await library.settled()

    def open(self, file_id: FileId) -> "Deferred[Source | None]":
        """Open content for a push; fires with ``None`` when it is not shared any more."""
        return Deferred.fromCoroutine(self._open(file_id))

    async def _open(self, file_id: FileId) -> Source | None:
        for library in self._libraries:
            source = await library.open(file_id)
            if source is not None:
                return source
        return None

    def name_of(self, file_id: FileId) -> str | None:
        """Name some content; ``None`` when it is not shared."""
        names = (name for catalog in self.catalogs for name in catalog.names_with(file_id))
        return next(names, None)
