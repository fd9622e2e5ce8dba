"""What a peer shares: its own library, and what it has downloaded where others may have it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, Self

from attrs import frozen
from twisted.internet.defer import Deferred, gatherResults, succeed

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import Summary
from p2p_twisted.library.library import Library
from p2p_twisted.peer.settings import Settings, folder_of, group_of
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


@frozen
class Readable:
    """What some peers may read, as pushes see it."""

    _libraries: tuple[Library, ...]

    @property
    def is_settled(self) -> bool:
        """Whether all that is there can be found, as far as is known."""
        return all(library.is_settled for library in self._libraries)

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


class SharedLibraries:
    """
    One or more libraries, each of which names its files by itself.

    :param named: other directories, each of which is shared in a folder of its own.
    :param of_groups: likewise, each with a group alone.
    :ivar own: what the person put into the peer's directory.
    :ivar reshared: what it has downloaded; ``None`` where others may not have that.
    :ivar everything: what this peer itself may read.
    """

    def __init__(
        self,
        own: Library,
        reshared: Library | None,
        named: Sequence[Library] = (),
        of_groups: Mapping[str, Library] | None = None,
    ) -> None:
        self.own = own
        self.reshared = reshared
        self._of_groups = dict(of_groups or {})
        self._persons = own, *named, *self._of_groups.values()
        # What everybody may read.
        self._public = own, *named, *(() if reshared is None else (reshared,))
        self._libraries = *self._public, *self._of_groups.values()
        self._open_to_all = Readable(self._public)
        self.everything = Readable(self._libraries)

    @classmethod
    def of(cls, settings: Settings, make: LibraryMaker, announce: Callable[[str], None]) -> Self:
        """Make those of a peer, which says what of them is not shared."""
        downloads, shares = settings.downloads, settings.shares
        # Wherever a group's directory lies, others do not read it as a part of another one.
        kept = downloads, *(path for name, path in shares if group_of(name) is not None)
        own = make(settings.directory, "library", kept, reserved=[folder_of(n) for n, _ in shares])
        named: list[Library] = []
        of_groups: dict[str, Library] = {}
        for name, path in shares:
            group, folder = group_of(name), folder_of(name)
            if group is None:
                library = make(path, f"share-{name}", kept, folder=folder)
                named.append(library)
            else:
                library = make(path, f"group-{group}", (downloads,), folder=folder)
                of_groups[group] = library
            library.on_exclusion(partial(_say_excluded, announce, path))
        own.on_exclusion(partial(_say_excluded, announce, settings.directory))
        reshared = make(downloads, "downloads", kept[1:]) if settings.reshares else None
        return cls(own, reshared, named, of_groups)

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
        """What everybody can search, in the order in which it is."""
        return tuple(library.catalog for library in self._public)

    @property
    def group_catalogs(self) -> Mapping[str, Catalog]:
        """What only those can search who are in a group, by group."""
        return {group: library.catalog for group, library in self._of_groups.items()}

    def readable_by(self, groups: Collection[str]) -> Readable:
        """Return what a peer may read that is in some groups."""
        more = [library for group, library in self._of_groups.items() if group in groups]
        return Readable((*self._public, *more)) if more else self._open_to_all

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
        """Open what everybody may read; fires with ``None`` when it is not shared so."""
        return self._open_to_all.open(file_id)

    def read_small(self, file_ids: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        """Read the first of some small files that everybody may read."""
        return self._open_to_all.read_small(file_ids)

    def may_have(self, file_id: FileId) -> bool:
        """Return whether some content is shared, or may turn out to be."""
        return not self.is_settled or self.name_of(file_id) is not None

    def among(self, file_ids: Collection[FileId]) -> frozenset[FileId]:
        """Return which of some content is shared."""
        catalogs = [library.catalog for library in self._libraries]
        return frozenset(
            each for catalog in catalogs for each in file_ids if catalog.names_with(each)
        )

    def name_of(self, file_id: FileId) -> str | None:
        """Name some content; ``None`` when it is not shared."""
        catalogs = (library.catalog for library in self._libraries)
        names = (name for catalog in catalogs for name in catalog.names_with(file_id))
        return next(names, None)
