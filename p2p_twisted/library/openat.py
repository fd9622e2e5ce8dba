"""Open what lies below a directory, and nothing that a link in it leads to."""

import os
import stat
from pathlib import Path
from typing import Final

from p2p_twisted.library.entries import Signature

# A FIFO would block its opener without O_NONBLOCK; regular files do not care.
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotAFile(OSError):
    """There is something else under that name than a regular file."""


def open_folder(root: Path, path: str) -> int:
    """
    Open a folder below the root.

    O_NOFOLLOW speaks of the last component only, so they are opened one by one.

    :param path: relative, as the disk has it; empty for the root itself, which may be
        a link: its owner named it.
    :returns: a file descriptor, the caller's to close.
    """
    folder_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for component in path.split("/") if path else ():
        try:
            inner_fd = os.open(component, _FLAGS | os.O_DIRECTORY, dir_fd=folder_fd)
        finally:
            os.close(folder_fd)
        folder_fd = inner_fd
    return folder_fd


def open_file(root: Path, path: str) -> int:
    """
    Open a regular file below the root for reading.

    :returns: a file descriptor, the caller's to close.
    :raises NotAFile: when it is anything else.
    """
    parent, _, name = path.rpartition("/")
    folder_fd = open_folder(root, parent)
    try:
        fd = os.open(name, _FLAGS, dir_fd=folder_fd)
    finally:
        os.close(folder_fd)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotAFile("not a regular file")
    return fd


def signature(status: os.stat_result) -> Signature:
    """Take from a file's status what changes with its content."""
    return Signature(status.st_size, status.st_mtime_ns, status.st_ino)
