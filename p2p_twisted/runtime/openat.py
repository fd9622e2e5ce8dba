"""
Open and make what lies below a folder, and nothing that a link in it leads to.

O_NOFOLLOW speaks of a path's last component only, so components are opened one by one. A
root's own path may lead through links: its owner named it. What is returned is a file
descriptor, which the caller closes.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from typing import Final

Fsync = Callable[[int], None]
"""Makes what a descriptor stands for safe on the disk: :func:`os.fsync`, or a test's."""

NOT_THERE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""Errors of who opens what was removed or moved away, be there something else on the way or not."""

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# A FIFO would block its opener without O_NONBLOCK; regular files do not care.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotAFile(OSError):
    """There is something else under that name than a regular file."""


def native(name: str) -> str:
    """Spell a name so that the system is given its UTF-8 bytes, whatever the locale is."""
    # Most names are, and every locale spells these alike.
    return name if name.isascii() else os.fsdecode(name.encode())


def open_folder(root: str | Path, path: str, make: Fsync | None = None) -> int:
    """
    Open a folder below the root.

    :param path: relative, with ``/`` between its components; empty for the root itself.
    :param make: makes the names of missing folders safe; ``None`` makes no folders.
    :raises OSError: among others ``ENOTDIR`` or ``ELOOP`` for a link on the way; it names what is
        below the root by its path from there.
    """
    fd = os.open(root, _FOLDER)
    for way in accumulate(path.split("/"), "{}/{}".format) if path else ():
        component = way.rpartition("/")[2]
        try:
            if make is not None:
                _make_below(fd, component, make)
            below = os.open(component, _FOLDER | os.O_NOFOLLOW, dir_fd=fd)
        except OSError as error:
            error.filename = way
            raise
        finally:
            os.close(fd)
        fd = below
    return fd


@contextmanager
def opened_folder(root: str | Path, path: str) -> Iterator[int]:
    """Open a folder as :func:`open_folder` does, for as long as the block runs."""
    fd = open_folder(root, path)
    try:
        yield fd
    finally:
        os.close(fd)


def listed_in(root: str | Path, path: str) -> Iterator[tuple[str, int]]:
    """Yield the names in a folder, each with its inode; fewer or none where it cannot be read."""
    with (
        suppress(OSError),
        opened_folder(root, path) as folder_fd,
        os.scandir(folder_fd) as entries,
    ):
        for entry in entries:
            yield entry.name, entry.inode()


def open_file(root: str | Path, path: str) -> int:
    """
    Open a regular file below the root for reading.

    :raises NotAFile: when it is anything else.
    """
    parent, _, name = path.rpartition("/")
    with opened_folder(root, parent) as folder_fd:
        return open_file_in(folder_fd, name)


def open_file_in(folder_fd: int, name: str) -> int:
    """
    Open a regular file in an open folder for reading.

    :raises NotAFile: when it is anything else.
    """
    fd = open_any(folder_fd, name)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotAFile("not a regular file")
    return fd


def open_any(folder_fd: int, name: str) -> int:
    """
    Open what is in an open folder, unless that is a link, for reading by :func:`os.pread`.

    That takes nothing out of a FIFO or a terminal: it fails there.
    """
    return os.open(name, _FILE, dir_fd=folder_fd)


def make_folder(path: str, fsync: Fsync, mode: int = 0o777) -> None:
    """Make a folder and those above it; its name is safe on the disk afterwards."""
    above = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(above):
        make_folder(above, fsync, mode)
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        return
    sync_folder(above, fsync)


def sync_folder(path: str, fsync: Fsync) -> None:
    """Make the names in a folder safe on the disk."""
    fd = os.open(path, _FOLDER)
    try:
        fsync(fd)
    finally:
        os.close(fd)


def _make_below(fd: int, component: str, fsync: Fsync) -> None:
    try:
        os.mkdir(component, dir_fd=fd)
    except FileExistsError:
        return
    fsync(fd)
