"""Record the published files of a download, so that a later run need not read them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.wire.limits import KIB

_READ_AT_ONCE_BYTES: Final = 256 * KIB
_DAMAGED: Final = (msgspec.DecodeError, ValueError, RecursionError)


class Published(msgspec.Struct, frozen=True, gc=False):
    """
    A file that was published.

    :ivar wanted: its intended path in the inbox.
    :ivar target: its actual path in the inbox.
    :ivar size: in bytes; this and the following show whether it was changed since.
    :ivar mtime_ns: when it was last written to, in nanoseconds of wall time.
    :ivar inode: its number within its file system.
    :ivar ctime_ns: when its content or its status was last changed, in nanoseconds.
    """

    wanted: str
    target: str
    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int = 0

    @classmethod
    def at(cls, wanted: str, target: str, path: str) -> "Published | None":
        """Describe the file at a path; ``None`` if there is none."""
        try:
            return cls.of(wanted, target, os.lstat(path))
        except OSError:
            return None

    def is_at(self, path: str) -> bool:
        """Return whether the file at a path is this one, and unchanged."""
        try:
            status = os.lstat(path)
        except OSError:
            return False
        now = (status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)
        return now == (self.size, self.mtime_ns, self.inode, self.ctime_ns)

    @classmethod
    def of(cls, wanted: str, target: str, status: os.stat_result) -> "Published":
        """Describe a file by its status."""
        size, inode = status.st_size, status.st_ino
        return cls(
            wanted,
            target,
            size=size,
            mtime_ns=status.st_mtime_ns,
            inode=inode,
            ctime_ns=status.st_ctime_ns,
        )


class PublishedRecord:
    """
    A list of published files that only grows, in a file of its own; all methods block.

    An entry counts only if the file is still there unchanged, so no harm is done if a crash
    takes the last lines.

    :param folder: which its file is in.
    :param name: of its file.
    """

    def __init__(self, folder: OwnFolder, name: str) -> None:
        self._folder = folder
        self._name = name
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(Published)

    def read(self) -> dict[str, Published]:
        """
        Read the published files by their intended paths, without damaged lines.

        :raises DiskFault: when the list cannot be read.
        """
        published: dict[str, Published] = {}
        try:
            with self._folder.opened_file(self._name) as lines:
                while some := lines.readlines(_READ_AT_ONCE_BYTES):
                    published.update((each.wanted, each) for each in self._decoded(some))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise DiskFault.of(error, self._folder.path) from error
        return published

    def add(self, published: Iterable[Published]) -> None:
        """
        Append files that are published and safe on the disk.

        :raises DiskFault: when they cannot be written.
        """
        lines = self._encoder.encode_lines(published)
        try:
            self._folder.append(self._name, lines)
        except OSError as error:
            raise DiskFault.of(error, self._folder.path) from error

    def _decoded(self, lines: Sequence[bytes]) -> Iterable[Published]:
        try:
            return self._decoder.decode_lines(b"".join(lines))
        except _DAMAGED:
            return self._undamaged(lines)

    def _undamaged(self, lines: Iterable[bytes]) -> Iterator[Published]:
        for line in lines:
            with suppress(*_DAMAGED):
                yield self._decoder.decode(line)

    def remove(self) -> None:
        """Remove the list; one that cannot be removed does no harm."""
        with suppress(OSError):
            self._folder.remove(self._name)
