"""What a peer shares, as one object that is searched, opened, and kept up to date."""

import errno
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import Place, Summary
from p2p_twisted.library.folders import SharedFile
from p2p_twisted.library.indexer import Indexer
from p2p_twisted.library.scanner import Scanner
from p2p_twisted.library.sealed_lists import SealedLists
from p2p_twisted.library.sources import FileSource
from p2p_twisted.library.watcher import WatcherMaker
from p2p_twisted.library.whole_reader import read_wholes
from p2p_twisted.runtime.openat import native
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.parallel_map import ParallelMap, ProcessMap, in_turn
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.names import FileId, collision_key
from p2p_twisted.wire.source import Source, SourceChanged

_COPIES_TRIED: Final = 8
_OUT_OF_FILES: Final = (errno.EMFILE, errno.ENFILE)


class Library:
    """
    Shares the files below one directory.

    :param directory: is created if missing, for its owner only, unless it is a named share.
    :param folder: the folder that its files are shared in: the name of a share.
    :param reserved: names that other directories are shared under.
    :param excluded: files and folders that are never shared, wherever they lie.
    :param cache: remembers hashes; used by this object alone.
    :param lists: where the lists of folders are kept; used by this object alone.
    :param clock: provides ``IReactorTime``.
    :param offload: runs blocking calls in a thread.
    :param opening: calls what opens files: see :class:`DiskThread`.
    :param parallel_map: spreads hashing over all cores.
    :param process_map: does so where files are small.
    :param make_watcher: see :func:`p2p_twisted.library.inotify.watcher_for`.
    :param wall: returns wall time in seconds, which files' times of change are compared with.
    :ivar catalog: answers searches.
    """

    log = Logger()

    def __init__(
        self,
        directory: Path,
        *,
        excluded: Collection[Path],
        cache: HashCache,
        lists: OwnFolder,
        clock: IReactorTime,
        offload: Offload,
        opening: Offload,
        parallel_map: ParallelMap = in_turn,
        process_map: ProcessMap = in_turn,
        make_watcher: WatcherMaker,
        wall: Callable[[], float] = time.time,
        folder: str = "",
        reserved: Collection[str] = (),
    ) -> None:
        self.catalog = Catalog()
        self._directory = directory
        self._opening = opening
        self._lists = SealedLists(lists)
        self._folder = folder
        keys = frozenset(map(collision_key, reserved))
        parts = self.catalog, cache, self._lists
        self._scanner = Scanner(
            directory,
            excluded,
            *parts,
            reserved=keys,
            parallel_map=parallel_map,
            process_map=process_map,
        )
        self._indexer = Indexer(
            self._scanner,
            self.catalog,
            clock=clock,
            offload=offload,
            make_watcher=make_watcher,
            wall=wall,
            root=Place(folder, ""),
        )

    def prepare(self) -> None:
        """
        See that the directory is there.

        :raises OSError: when it does not exist and cannot be created.
        """
        if self._folder:
            # What is missing is on a disk that is not there: nothing must be made in its place.
            self._directory.stat()
        else:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def start(self) -> None:
        """
        Start scanning, hashing and watching.

        :raises OSError: as :meth:`prepare` does.
        """
        self.prepare()
        self._indexer.start()

    def stop(self) -> "Deferred[None]":
        """Stop; fires when nothing is running any more."""
        return self._indexer.stop()

    @property
    def is_settled(self) -> bool:
        """Whether all that is there can be found, as far as is known."""
        return self._indexer.is_settled

    def settled(self) -> "Deferred[None]":
        """Fire once everything that the first scan found has been hashed."""
        return self._indexer.settled()

    def on_exclusion(self, excluded: Callable[[Sequence[tuple[str, str]]], None]) -> None:
        """Call back with paths that turn out not to be shared, and why, once for each."""
        self._indexer.excluded = excluded

    def summary(self) -> Summary:
        """Count what is shared, and list what cannot be."""
        root = self.catalog.root
        excluded, ignored = self._indexer.exclusions, self.catalog.ignored.below("")
        return Summary(
            files=root.files,
            size=root.size,
            hashing=root.unhashed,
            unshared=excluded.all(),
            excluded=excluded.count,
            ignored=ignored,
        )

    def path_of(self, name: str) -> Path | None:
        """
        Tell where a file or folder lies.

        :param name: under which it is shared.
        :returns: ``None`` where such a name is of another library.
        """
        if self._folder not in ("", name.partition("/")[0]):
            return None
        is_file = self.catalog.entry(name) is not None
        for inner in [name] if is_file else self.catalog.files_below(name)[:1]:
            entry = self.catalog.entry(inner)
            assert entry is not None
            # The disk may spell it otherwise.
            path = self._directory / entry.on_disk.path
            below = inner.count("/") - name.count("/")
            return path.parents[below - 1] if below else path
        return self._directory / native(name.removeprefix(self._folder).removeprefix("/"))

    def open(self, file_id: FileId) -> "Deferred[Source | None]":
        """
        Open content for a push.

        :returns: fires with ``None`` when nothing with that id can be opened any more.
        """
        return Deferred.fromCoroutine(self._open(file_id))

    def read_small(self, file_ids: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        """
        Read the first of some files that it shares: see :class:`SharedContent`.

        :returns: fires with the bytes of each; ``None`` for what :meth:`open` should be asked for.
        """
        files = []
        for file_id in file_ids:
            entry = self._first_entry(file_id)
            if entry is None:
                break
            files.append(entry.on_disk)
        if not files:
            return succeed([None])
        return self._opening(read_wholes, self._directory, files)

    def _first_entry(self, file_id: FileId) -> SharedFile | None:
        names = self.catalog.names_with(file_id)
        return self.catalog.entry(names[0]) if names else None

    async def _open(self, file_id: FileId) -> Source | None:
        for name in self.catalog.names_with(file_id)[:_COPIES_TRIED]:
            entry = self.catalog.entry(name)
            source = None if entry is None else await self._open_file(entry)
            if source is not None:
                return source
        if not self.catalog.shares(file_id):
            return None
        return await self._opening(self._lists.open, file_id)

    async def _open_file(self, entry: SharedFile) -> Source | None:
        if entry.content is None:
            # It is being hashed anew, since it was asked for.
            return None

        def changed() -> None:
            self._indexer.recheck(entry.on_disk)

        place = self._directory, entry.on_disk, entry.content
        try:
            return await self._opening(FileSource.open, *place, changed)
        except SourceChanged:
            changed()
        except OSError as error:
            self.log.debug(
                "{name!r} cannot be opened: {error}", name=entry.on_disk.name, error=error
            )
            if error.errno not in _OUT_OF_FILES:
                changed()
        return None
