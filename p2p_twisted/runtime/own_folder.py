"""Keep files in a folder where nobody else can put anything in their way."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, Self

from p2p_twisted.runtime.atomic import replace_file
from p2p_twisted.runtime.openat import Fsync, make_folder, open_file_in

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_OTHERS_MAY_WRITE: Final = 0o022


class NotOurs(OSError):
    """Somebody else could change what is in the folder."""


class OwnFolder:
    """
    A folder that belongs to this user, and to which nobody else may write.

    Its files are reached through a descriptor of it and not through its path, links are not
    followed, and what is made can be read by this user alone. All methods block, may be called
    in any thread, and raise :class:`OSError`; :class:`NotOurs` where the folder is not one's own.

    :ivar path: where it is, for messages; it may be missing until something is written.
    :param above: the folder that it is in, if that is one's own, too.
    """

    def __init__(self, path: Path, above: Self | None = None) -> None:
        self.path = path
        self._above = above
        self._held: int | None = None
        self._holding = Lock()

    def below(self, name: str) -> Self:
        """Return a folder in this one."""
        return type(self)(self.path / name, self)

    def open(self) -> None:
        """Make it if it is missing, and hold it: what has its path later is another folder."""
        self._make(os.fsync)
        fd = self._open()
        try:
            os.fchmod(fd, _FOLDER_MODE)
        except OSError:
            os.close(fd)
            raise
        self._held = fd

    def close(self) -> None:
        """Hold it no longer."""
        with self._holding:
            fd, self._held = self._held, None
        if fd is not None:
            os.close(fd)

    def names(self) -> list[str]:
        """List what is in it."""
        with self._opened() as fd:
            return os.listdir(fd)

    def read(self, name: str) -> bytes:
        """Read a file."""
        with self.opened_file(name) as file:
            return file.read()

    def opened_file(self, name: str) -> BinaryIO:
        """Open a file for reading; the caller closes it."""
        with self._opened() as folder:
            return os.fdopen(open_file_in(folder, name), "rb")

    def replace(self, name: str, content: bytes, fsync: Fsync = os.fsync) -> None:
        """Replace a file, or make it: see :func:`replace_file`."""
        self._make(fsync)
        with self._opened() as folder:
            replace_file(folder, name, content, mode=_FILE_MODE, fsync=fsync)

    def append(self, name: str, content: bytes) -> None:
        """Write to the end of a file, or make it."""
        with os.fdopen(self.open_file(name, os.O_APPEND), "r+b", buffering=0) as file:
            while content:
                content = content[file.write(content) :]

    def rename(self, name: str, new: str) -> None:
        """Rename a file, in place of the one that has the new name."""
        with self._opened() as fd:
            os.replace(name, new, src_dir_fd=fd, dst_dir_fd=fd)

    def remove(self, name: str) -> None:
        """Remove a file."""
        with self._opened() as fd:
            os.unlink(name, dir_fd=fd)

    def open_file(self, name: str, flags: int = 0) -> int:
        """Open a file for reading and writing, or make it; the caller closes the descriptor."""
        self._make(os.fsync)
        with self._opened() as folder:
            fd = os.open(name, _FILE | flags, _FILE_MODE, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise NotOurs(f"{self.path / name} is not a file")
            os.fchmod(fd, _FILE_MODE)
        except OSError:
            os.close(fd)
            raise
        return fd

    def path_of(self, name: str) -> str:
        """Make a file unless it is there, and return its path, for what can open nothing else."""
        fd = self.open_file(name)
        try:
            if not os.path.samestat(os.fstat(fd), os.lstat(self.path / name)):
                raise NotOurs(f"{self.path} was replaced by another folder")
        finally:
            os.close(fd)
        return str(self.path / name)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        fd = self._open()
        try:
            yield fd
        finally:
            os.close(fd)

    def _open(self) -> int:
        with self._holding:
            if self._held is not None:
                return os.dup(self._held)
        if self._above is None:
            fd = os.open(self.path, _FOLDER)
        else:
            with self._above._opened() as above:
                fd = os.open(self.path.name, _FOLDER, dir_fd=above)
        try:
            self._check(os.fstat(fd))
        except OSError:
            os.close(fd)
            raise
        return fd

    def _make(self, fsync: Fsync) -> None:
        if self._held is not None:
            return
        if self._above is None:
            make_folder(str(self.path), fsync, mode=_FOLDER_MODE)
            return
        self._above._make(fsync)
        with self._above._opened() as above, suppress(FileExistsError):
            os.mkdir(self.path.name, _FOLDER_MODE, dir_fd=above)
            fsync(above)

    def _check(self, status: os.stat_result) -> None:
        if status.st_uid != os.geteuid():
            raise NotOurs(f"{self.path} belongs to another user: choose another directory")
        if status.st_mode & _OTHERS_MAY_WRITE:
            raise NotOurs(f"others may write to {self.path}: remove it, or chmod it to 700")
