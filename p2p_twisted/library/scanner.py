"""Do what may block in a library: in one thread at a time, never the reactor's."""

from collections.abc import Collection, Container, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

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
from p2p_twisted.runtime.parallel_map import ParallelMap
from p2p_twisted.wire.manifest import BadManifest, Member, encode, encode_attributes_of

SEALED_FILES = 5_000
"""About how many files the manifests made in one go list together."""

_LOOKED_UP_AT_ONCE: Final = 1_000
_LISTED_AT_ONCE: Final = 1_000
# Fewer are better seen by searches first.
_MANY_NEW: Final = 100


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
        process_map: ParallelMap,
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

    def open(self) -> None:
        """Open the cache of hashes, and make room for lists."""
        self._cache.open()
        self._lists.clear()

    def scan(
        self, visits: Iterable[Visit], written: Container[str], still: int
    ) -> tuple[FolderDiff, list[HashedFile | None]]:
        """
        Scan folders; where very many tiny files are new, hash them, too, as far as there is time.

        :param written: paths of files that somebody has had open for writing.
        :param still: a file that was last changed before has rested, in nanoseconds of wall time.
        :returns: how they differ from the catalog, and the hashes of each file that was found, if
            they are known.
        :raises ScanCanceled: when it was ended early.
        """
        excluded = identities(self._excluded)
        place = self._root, visits, self._catalog, excluded
        result = compare_folders(*place, self._is_ending, reserved=self._reserved)
        contents: list[HashedFile | None] = []
        for start in range(0, len(result.found), _LOOKED_UP_AT_ONCE):
            if self.is_canceled:
                raise ScanCanceled
            some = result.found[start : start + _LOOKED_UP_AT_ONCE]
            contents += self._cache.find(some, written)
        new = [
            place
            for place, (file, content) in enumerate(zip(result.found, contents, strict=True))
            if content is None and is_tiny(file) and file.signature.mtime_ns < still
        ]
        if len(new) >= _MANY_NEW:
            self._hash_found(result.found, contents, new)
        return result, contents

    def _hash_found(
        self, found: Sequence[OnDisk], contents: list[HashedFile | None], new: Sequence[int]
    ) -> None:
        """Hash some of the files that were found: to queue each would take half as long again."""
        files = [found[place] for place in new]
        hashed = hash_found(self._root, files, self._is_ending, self._process_map)
        for place, content in zip(new, hashed, strict=False):
            contents[place] = content
        pairs = zip(files, hashed, strict=False)
        self._cache.keep((file, content) for file, content in pairs if content is not None)

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
        """Close the cache of hashes."""
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
