"""What a peer shares: its own library, and what it has downloaded where others may have it."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, Self

from twisted.internet.defer import Deferred, gatherResults, succeed

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import Summary
from p2p_twisted.library.library import Library
from p2p_twisted.peer.settings import Settings
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source


def _say_excluded(
    announce: Callable[[str], None], directory: Path, excluded: Sequence[tuple[str, str]]
) -> None:
    announce(exclusions_line(directory, excluded))


class LibraryMaker(Protocol):
    """Makes a library; ``store`` is what its own files are called."""

    def __call__(
        self,
        directory: Path,
        store: str,
        excluded: Sequence[Path],
        *,
        folder: str = "",
        reserved: Collection[str] = (),
    ) -> Library:
        """Make it; see :class:`Library`."""


def exclusions_line(directory: Path, excluded: Sequence[tuple[str, str]]) -> str:
    """Tell a person what in a directory turned out not to be shared, and why."""
    if len(excluded) == 1:
        [(name, why)] = excluded
        return f"{name} in {directory} is not shared: {why}"
    return f"{len(excluded):,} entries in {directory} are not shared: status tells why"


class SharedLibraries:
    """
    One or more libraries, each of which names its files by itself.

    :param named: other directories, each of which is shared in a folder of its own.
    :ivar own: what the person put into the peer's directory.
    :ivar reshared: what it has downloaded; ``None`` where others may not have that.
    """

    def __init__(
        self, own: Library, reshared: Library | None, named: Sequence[Library] = ()
    ) -> None:
        self.own = own
        self.reshared = reshared
        self._persons = own, *named
        self._libraries = self._persons if reshared is None else (*self._persons, reshared)

    @classmethod
    def of(cls, settings: Settings, make: LibraryMaker, announce: Callable[[str], None]) -> Self:
        """Make those of a peer, which says what of them is not shared."""
        downloads, names = settings.downloads, [name for name, _ in settings.shares]
        own = make(settings.directory, "library", (downloads,), reserved=names)
        named = [
            make(path, f"share-{name}", (downloads,), folder=name) for name, path in settings.shares
        ]
        places = [settings.directory, *(path for _, path in settings.shares)]
        for library, place in zip((own, *named), places, strict=True):
            library.on_exclusion(partial(_say_excluded, announce, place))
        return cls(own, make(downloads, "downloads", ()) if settings.reshares else None, named)

    @property
    def persons(self) -> tuple[Catalog, ...]:
        """What the person shares, without what was downloaded."""
        return tuple(library.catalog for library in self._persons)

    def path_of(self, name: str) -> str:
        """Tell where a file or folder lies that the person shares."""
        # Whatever is in none of the others is the own one's.
        paths = (library.path_of(name) for library in (*self._persons[1:], self.own))
        return str(next(filter(None, paths)))

    def summary(self) -> Summary:
        """Count what the person shares."""
        all_of = [library.summary() for library in self._persons]
        unshared = sorted(each for of in all_of for each in of.unshared)
        return Summary(
            files=sum(of.files for of in all_of),
            size=sum(of.size for of in all_of),
            hashing=sum(of.hashing for of in all_of),
            unshared=tuple(unshared[:1_000]),
            excluded=sum(of.excluded for of in all_of),
            ignored=sum(of.ignored for of in all_of),
        )

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
            library.prepare()
        for library in self._libraries:
            library.start()

    async def stop(self) -> None:
        """End it; returns when no thread works for it any more."""
        await gatherResults([library.stop() for library in self._libraries])

    @property
    def is_settled(self) -> bool:
        """Whether all that is there can be found, as far as is known."""
        return all(library.is_settled for library in self._libraries)

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

    def read_small(self, file_ids: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        """
        Read the first of some small files: see :class:`SharedContent`.

        :returns: fires with the bytes of each; ``None`` for what :meth:`open` should be asked for.
        """
        for library in self._libraries:
            if library.catalog.names_with(file_ids[0]):
                return library.read_small(file_ids)
        return succeed([None])

    def name_of(self, file_id: FileId) -> str | None:
        """Name some content; ``None`` when it is not shared."""
        names = (name for catalog in self.catalogs for name in catalog.names_with(file_id))
        return next(names, None)
