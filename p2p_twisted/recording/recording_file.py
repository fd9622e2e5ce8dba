"""The file of a recording: this user's alone, and bounded, as what is old is moved aside."""

import os
import stat
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Final

from attrs import define, field

_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PRIVATE: Final = 0o600
_HEAD_BYTES: Final = 4_096


class NotRecordable(OSError):
    """A file is there that no recording may go on in; the text says why."""


def earlier(path: Path) -> Path:
    """Return where a recording is moved when it is long."""
    return path.with_name(f"{path.name}.1")


@define
class RecordingFile:
    """
    A recording that is being written; all methods block, and raise :class:`OSError`.

    :param is_new: whether no file may be there yet; otherwise an earlier recording goes on.
    """

    path: Path
    _is_new: bool = False
    _fd: int | None = field(default=None, init=False)

    def open(self) -> int:
        """
        Open it, and return how many bytes it has.

        :raises NotRecordable: when what is there is something else, or another process writes it.
        """
        flags = _FLAGS | os.O_EXCL if self._is_new else _FLAGS
        fd = os.open(self.path, flags, _PRIVATE)
        try:
            size = self._check(fd)
            os.fchmod(fd, _PRIVATE)
        except OSError:
            os.close(fd)
            raise
        self._fd = fd
        return size

    def write(self, content: bytes) -> None:
        """Write to its end."""
        assert self._fd is not None
        left = memoryview(content)
        while left:
            left = left[os.write(self._fd, left) :]

    def begin_another(self) -> None:
        """Move it aside, in place of what was moved aside before, and begin a new one."""
        with suppress(FileNotFoundError):
            os.replace(self.path, earlier(self.path))
        self.close()
        self.open()

    def close(self) -> None:
        """Close it."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)

    def _check(self, fd: int) -> int:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise NotRecordable(f"{self.path} is not a file of yours")
        try:
            flock(fd, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise NotRecordable(f"{self.path} is being written by another process") from None
        if found.st_size:
            _check_recording(self.path, os.pread(fd, _HEAD_BYTES, 0))
            if os.pread(fd, 1, found.st_size - 1) != b"\n":
                # What a crash or a full disk has left of a line.
                os.write(fd, b"\n")
        return found.st_size


def check_recordable(path: Path) -> None:
    """
    Check that a recording can be written, and moved aside: nothing else is there.

    :raises NotRecordable: when something is.
    :raises OSError: when nothing can be read or written there.
    """
    if not path.parent.is_dir():
        raise NotRecordable(f"{path.parent} is not a directory: make it first")
    for each in filter(os.path.lexists, (path, earlier(path))):
        if not each.is_file() or each.is_symlink():
            raise NotRecordable(f"{each} is not a file")
        with each.open("rb") as file:
            if head := file.read(_HEAD_BYTES):
                _check_recording(each, head, goes_on=each == path)


def _check_recording(path: Path, head: bytes, goes_on: bool = True) -> None:
    # Not earlier: every daemon imports this file, and few record.
    from p2p_twisted.recording.recorded_views import (
        FORMAT,
        DamagedRecording,
        RecordingView,
        decode_line,
    )

    try:
        first = decode_line(head.partition(b"\n")[0])
    except DamagedRecording:
        first = None
    if not isinstance(first, RecordingView):
        raise NotRecordable(f"{path} is there, and is no recording: name another file")
    if goes_on and first.format > FORMAT:
        raise NotRecordable(
            f"{path} was begun by p2p_twisted {first.version}, which records in another way: name"
            " another file"
        )
