"""All that a peer has for others: what it shares and, where it is to, what it has downloaded."""

from twisted.internet.defer import gatherResults

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.library import Library
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source


class SharedLibraries:
    """
    One or more libraries, each of which names its files by itself.

    :param libraries: in the order in which they are asked.
    """

    def __init__(self, *libraries: Library) -> None:
        self._libraries = libraries

    @property
    def catalogs(self) -> tuple[Catalog, ...]:
        """What can be searched."""
        return tuple(library.catalog for library in self._libraries)

    def start(self) -> None:
        """
        Begin to look, hash and watch.

        :raises OSError: when a directory cannot be used.
        """
        for library in self._libraries:
            library.start()

    async def stop(self) -> None:
        """End it; returns when nothing is being done any more."""
        await gatherResults([library.stop() for library in self._libraries])

    async def settled(self) -> None:
        """Return once everything that was there at the start can be found."""
        await gatherResults([library.settled() for library in self._libraries])

    def open(self, file: FileId) -> Source | None:
        """Open content for a push; ``None`` when nobody has it any more."""
        sources = (library.open(file) for library in self._libraries)
        return next((source for source in sources if source is not None), None)

    def name_of(self, file: FileId) -> str | None:
        """Name some content."""
        names = (name for catalog in self.catalogs for name in catalog.names_with(file))
        return next(names, None)
