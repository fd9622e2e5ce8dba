"""Keep the lists that sealed folders are served by, so that none is made when it is asked for."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from attrs import define, field, frozen
from twisted.logger import Logger

from p2p_twisted.library.entries import HashedFile
from p2p_twisted.library.sources import FileSource, MemorySource
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.limits import LINK_FILE_BYTES, MIB
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source

_IN_MEMORY_BYTES: Final = 16 * MIB
_SPARE_BYTES: Final = 64 * MIB


@frozen
class _InFile:
    """A list in a file, which has its id as name."""

    size: int
    digests: bytes


@define(eq=False)
class SealedLists:
    """
    Manifests, and lists of attributes, by their ids.

    Short ones are in memory as long as there is room, all others in files. All methods but
    :meth:`open` block, and are called in one thread at a time.

    :param folder: where the files are; nothing of an earlier run in it is used.
    """

    log = Logger()

    _folder: OwnFolder
    _lists: dict[FileId, MemorySource | _InFile] = field(factory=dict, init=False)
    _in_memory_bytes: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)
    _most_bytes: int = field(default=_SPARE_BYTES, init=False)

    def clear(self) -> None:
        """Remove what an earlier run has left."""
        try:
            for name in self._folder.names():
                self._folder.remove(name)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.log.warn("{path}: {error}", path=self._folder.path, error=error)

    def keep(self, text: bytes) -> FileId:
        """
        Keep a list.

        :returns: its id.
        :raises OSError: when it cannot be kept.
        """
        source = MemorySource(text)
        if source.file_id in self._lists:
            return source.file_id
        is_short = source.size <= LINK_FILE_BYTES
        if not (is_short and self._keep_in_memory(source)):
            try:
                self._folder.replace(source.file_id, text, fsync=_no_flush)
            except OSError:
                with suppress(OSError):
                    self._folder.remove(f"{source.file_id}.new")
                # A full disk, for one, is no reason not to share folders.
                if not self._keep_in_memory(source):
                    raise
            else:
                self._lists[source.file_id] = _InFile(source.size, source.digests)
        self._bytes += source.size
        return source.file_id

    def prune(self, is_listed: Callable[[FileId], bool]) -> None:
        """Remove lists that no folder has any more, unless they take little room."""
        if self._bytes <= self._most_bytes:
            return
        for file_id, kept in list(self._lists.items()):
            if not is_listed(file_id):
                del self._lists[file_id]
                self._bytes -= kept.size
                self._remove(file_id, kept)
        self._most_bytes = 2 * self._bytes + _SPARE_BYTES

    def open(self, file_id: FileId) -> Source | None:
        """Open a list; ``None`` when it is not there any more."""
        kept = self._lists.get(file_id)
        if not isinstance(kept, _InFile):
            return kept
        try:
            content = HashedFile(file_id, kept.digests)
            return FileSource.open_own(self._folder, file_id, content)
        except OSError as error:
            self.log.warn("a folder cannot be served: {error}", error=error)
            return None

    def _keep_in_memory(self, source: MemorySource) -> bool:
        if self._in_memory_bytes + source.size > _IN_MEMORY_BYTES:
            return False
        self._lists[source.file_id] = source
        self._in_memory_bytes += source.size
        return True

    def _remove(self, file_id: FileId, kept: MemorySource | _InFile) -> None:
        if isinstance(kept, MemorySource):
            self._in_memory_bytes -= kept.size
            return
        try:
            self._folder.remove(file_id)
        except OSError as error:
            self.log.warn("{path}: {error}", path=self._folder.path, error=error)


def _no_flush(_fd: int) -> None:
    """After a crash they are made anew."""
