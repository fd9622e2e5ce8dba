"""Do what may block in a library: in one thread at a time, never the reactor's."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import frozen
from twisted.logger import Logger

from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import HashedFile, OnDisk, Visit
from p2p_twisted.library.folder_diff import FolderDiff, compare_folders
from p2p_twisted.library.folders import FolderIds
from p2p_twisted.library.hashing import (
    Hashed,
    Job,
    Outcome,
    Unreadable,
    hash_found,
    hash_some,
    is_tiny,
)
from p2p_twisted.library.listing import ScanCanceled, identities
from p2p_twisted.library.sealed_lists import SealedLists
from p2p_twisted.runtime.parallel_map import ParallelMap, ProcessMap
from p2p_twisted.wire.manifest import BadManifest, Member, encode, encode_attributes_of

SEALED_FILES = 5_000
"""About how many files the manifests made in one go list together."""

_LOOKED_UP_AT_ONCE: Final = 1_000
_LISTED_AT_ONCE: Final = 1_000
# Fewer are better seen by searches first.
_MANY_NEW: Final = 100


@frozen
class Scanned:
    """
    Folders that were scanned.

    :ivar diff: how they differ from the catalog.
    :ivar contents: the hashes of each file that was found, if they are known.
    """

    visits: Sequence[Visit]
    diff: FolderDiff
    contents: list[HashedFile | None]

    def found(self) -> Iterator[tuple[OnDisk, HashedFile | None]]:
        """Yield each file that was found, with its hashes."""
        return zip(self.diff.found, self.contents, strict=True)


@frozen
class _Hashing:
    """
    Files that a scan has found, and that are being hashed.

    :ivar places: of these among all that it has found.
    :ivar finish: waits for the hashes, of each or of the first ones, and returns them.
    """

    scanned: Scanned
    places: Sequence[int]
    finish: Callable[[], list[HashedFile | None]]

    def take(self, hashed: Iterable[HashedFile | None]) -> list[tuple[OnDisk, HashedFile]]:
        """Adopt hashes; return them, each with its file."""
        found, contents = self.scanned.diff.found, self.scanned.contents
        taken = []
        for place, content in zip(self.places, hashed, strict=False):
            if content is not None:
                contents[place] = content
                taken.append((found[place], content))
        return taken


class Scanner:
    """
    Reads the disk on behalf of a library.

    :param catalog: is only read here; it must not change while a method runs.
    :param excluded: files and folders that are not shared; they may not exist yet.
    :param lists: keeps what sealed folders are served by.
    :param reserved: keys of names that other directories are shared under.
    :param parallel_map: spreads hashing over all cores.
    :param process_map: does so where files are small.
    :ivar is_canceled: set it from any thread to end the running method early.
    """

    log = Logger()

    def __init__(
        self,
        root: Path,
        excluded: Collection[Path],
        catalog: Catalog,
        cache: HashCache,
        lists: SealedLists,
        *,
        reserved: frozenset[str],
        parallel_map: ParallelMap,
        process_map: ProcessMap,
    ) -> None:
        self.is_canceled = False
        self._root = root
        self._excluded = excluded
        self._catalog = catalog
        self._cache = cache
        self._lists = lists
        # Folders of which it was logged that they are not shared as a whole.
        self._unkept: set[str] = set()
        self._reserved = reserved
        self._parallel_map = parallel_map
        self._process_map = process_map
        self._hashing: _Hashing | None = None

    def open(self) -> None:
        """Open the cache of hashes, and make room for lists."""
        self._cache.open()
        self._lists.clear()

    @property
    def is_hashing(self) -> bool:
        """Whether files that a scan has found are being hashed."""
        return self._hashing is not None

    def scan(
        self, visits: Sequence[Visit], written: Container[str], still: int
    ) -> tuple[list[Visit], list[Scanned]]:
        """
        Scan folders, while what the scan before has found is hashed.

        Where very many tiny files are new, these are hashed, too, as far as there is time: to
        queue each would take half as long again. The next scan returns those folders.

        :param visits: without any, this only ends what was begun.
        :param written: paths of files that somebody has had open for writing.
        :param still: a file that was last changed before has rested, in nanoseconds of wall time.
        :returns: what is to be scanned next, and what is scanned, in the order of the scans.
        :raises ScanCanceled: when it was ended early.
        """
        scanned = self._compare(visits, written)
        new = [
            place
            for place, (file, content) in enumerate(scanned.found())
            if content is None and is_tiny(file) and file.signature.mtime_ns < still
        ]
        earlier, self._hashing = self._hashing, None
        hashed = earlier.finish() if earlier else []
        if len(new) >= _MANY_NEW:
            files = [scanned.diff.found[place] for place in new]
            finish = hash_found(self._root, files, self._is_ending, self._process_map)
            self._hashing = _Hashing(scanned, new, finish)
        # This takes time, too: not before the next ones are being hashed.
        if earlier:
            self._cache.keep(earlier.take(hashed))
        ended = [earlier.scanned] if earlier else []
        return scanned.diff.next, ended if self._hashing else [*ended, scanned]

    def _compare(self, visits: Sequence[Visit], written: Container[str]) -> Scanned:
        excluded = identities(self._excluded)
        place = self._root, visits, self._catalog, excluded
        diff = compare_folders(*place, self._is_ending, reserved=self._reserved)
        contents: list[HashedFile | None] = []
        for start in range(0, len(diff.found), _LOOKED_UP_AT_ONCE):
            if self.is_canceled:
                raise ScanCanceled
            some = diff.found[start : start + _LOOKED_UP_AT_ONCE]
            contents += self._cache.find(some, written)
        return Scanned(visits, diff, contents)

    def hash(self, jobs: Iterable[Job], chunks: int, has_more: bool) -> list[Outcome]:
        """
        Hash at most so many chunks of files, and remember the files that are done.

        :param has_more: whether others are to be hashed next.
        """
        outcomes = hash_some(
            self._root,
            jobs,
            chunks,
            self._is_ending,
            parallel_map=self._parallel_map,
            process_map=self._process_map,
        )
        self._cache.keep(
            [(each.on_disk, each.content) for each in outcomes if isinstance(each, Hashed)],
            has_more,
        )
        # Otherwise the next scan would have them shared again.
        self._cache.forget([each.on_disk.name for each in outcomes if isinstance(each, Unreadable)])
        return outcomes

    def seal(self) -> list[tuple[str, FolderIds | None]]:
        """
        Make the lists of some unsealed folders, and keep them; ``None`` where that cannot be.

        :raises ScanCanceled: when it was ended early.
        """
        self._lists.prune(self._catalog.shares)
        sealed: list[tuple[str, FolderIds | None]] = []
        unkept: list[tuple[str, Exception]] = []
        files = 0
        for name in sorted(self._catalog.unsealed):
            members = self._members(name)
            files += len(members)
            try:
                manifest = self._lists.keep(encode(members))
                attributes = self._lists.keep(encode_attributes_of(members))
            except (BadManifest, OSError) as error:
                unkept.append((name, error))
                sealed.append((name, None))
            else:
                sealed.append((name, FolderIds(manifest, attributes)))
            if files > SEALED_FILES:
                break
        self._log_unkept([each for each in unkept if each[0] not in self._unkept])
        self._unkept.update(name for name, _error in unkept)
        return sealed

    def prune(self) -> None:
        """Forget files that have been away for long."""
        # The scan has just found all that is there.
        self._cache.prune(lambda _name: False)

    def close(self) -> None:
        """Close the cache of hashes, once nothing is hashed any more."""
        earlier, self._hashing = self._hashing, None
        if earlier:
            earlier.finish()
        self._cache.close()

    def _log_unkept(self, unkept: Sequence[tuple[str, Exception]]) -> None:
        """Log the first of what may be very many folders."""
        for name, error in unkept[:1]:
            more = len(unkept) - 1
            others = f" and {more} other folder{'s' if more > 1 else ''}" if more else ""
            self.log.warn(
                "not shared as a whole: {name!r}{others}: {error}",
                name=name,
                others=others,
                error=error,
            )

    def _members(self, folder: str) -> list[Member]:
        members: list[Member] = []
        found = self._catalog.members(folder)
        while some := list(islice(found, _LISTED_AT_ONCE)):
            if self.is_canceled:
                raise ScanCanceled
            members += some
        return members

    def _is_ending(self) -> bool:
        return self.is_canceled
