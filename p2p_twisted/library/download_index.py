"""Remember downloads by their content."""

import os
import stat
from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from threading import Lock

from twisted.logger import Logger

from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.entries import HashedFile, OnDisk, Signature
from p2p_twisted.library.sources import FileSource
from p2p_twisted.library.whole_reader import read_wholes
from p2p_twisted.runtime import openat
from p2p_twisted.wire.attributes import Attributes
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import SourceChanged


class DownloadIndex:
    """
    Finds downloads of this run and of earlier ones that have not been changed since.

    All methods block, and may be called in any thread.

    :param root: where downloads land.
    :param cache: remembers them; used by this object alone.
    """

    log = Logger()

    def __init__(self, root: Path, cache: HashCache) -> None:
        self._root = root
        self._cache = cache
        self._lock = Lock()

    def start(self) -> None:
        """Open the cache."""
        with self._lock:
            self._cache.open()
            # Nobody may have asked for a file for long: whether it is there shows on the disk.
            self._cache.prune(lambda path: self._describe(path) is not None)

    def stop(self) -> None:
        """Close it."""
        with self._lock:
            self._cache.close()

    def keep(
        self,
        published: Iterable[tuple[str, FileId, bytes, os.stat_result | None]],
        has_more: bool = False,
    ) -> None:
        """
        Remember published files.

        :param published: path below the root, id, digests and, if known, status of each.
        :param has_more: whether others follow soon: then a crash may make it forget these.
        """
        files = []
        for path, file_id, digests, status in published:
            on_disk = self._describe(path) if status is None else _described(path, status)
            if on_disk is not None:
                files.append((on_disk, HashedFile(file_id, digests)))
        with self._lock:
            self._cache.keep(files, has_more)

    def id_of(self, path: str) -> FileId | None:
        """Return the id of a download; ``None`` for a file that is not one, or was changed."""
        on_disk = self._describe(path)
        if on_disk is None:
            return None
        with self._lock:
            [content] = self._cache.find([on_disk])
        return content.file_id if content is not None else None

    def among(self, file_ids: Sequence[FileId]) -> frozenset[FileId]:
        """Return the ids whose content is still there."""
        return frozenset(self.attributes_of(file_ids))

    def attributes_of(self, file_ids: Sequence[FileId]) -> dict[FileId, Attributes]:
        """Return, of content that is still there, what is kept of a file beside it."""
        found = self._found(file_ids)
        return {content.file_id: on_disk.attributes for on_disk, content in found}

    def open(self, file_id: FileId) -> FileSource | None:
        """Open content; ``None`` when it is not there any more, or was changed."""
        for on_disk, content in self._found([file_id]):
            try:
                return FileSource.open(self._root, on_disk, content, lambda: None)
            except (OSError, SourceChanged) as error:
                self.log.debug("{path!r} is of no use: {error}", path=on_disk.path, error=error)
        return None

    def read_small(self, file_ids: Sequence[FileId]) -> list[bytes | None]:
        """Read the first of some files: see :func:`read_wholes`."""
        found = {content.file_id: on_disk for on_disk, content in self._found(file_ids)}
        there = takewhile(lambda on_disk: on_disk is not None, map(found.get, file_ids))
        return read_wholes(self._root, filter(None, there)) or [None]

    def _found(self, file_ids: Sequence[FileId]) -> list[tuple[OnDisk, HashedFile]]:
        """Check the files that had some of that content, and return those that still have it."""
        with self._lock:
            looks = map(self._describe, self._cache.names_with(file_ids))
            there = [on_disk for on_disk in looks if on_disk is not None]
            contents = self._cache.find(there)
        pairs = zip(there, contents, strict=True)
        return [(on_disk, content) for on_disk, content in pairs if content is not None]

    def _describe(self, path: str) -> OnDisk | None:
        try:
            # Joined as text: for very many files, a Path takes longer than to look at them.
            status = os.lstat(os.path.join(self._root, openat.native(path)))
        except OSError:
            return None
        return _described(path, status)


def _described(path: str, status: os.stat_result) -> OnDisk:
    is_executable = bool(status.st_mode & stat.S_IXUSR)
    return OnDisk(path, openat.native(path), Signature.of(status), is_executable)
