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
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for component in path.split("/") if path else ():
        try:
            inner = os.open(component, _FLAGS | os.O_DIRECTORY, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


def open_file(root: Path, path: str) -> int:
    """
    Open a regular file below the root for reading.

    :returns: a file descriptor, the caller's to close.
    :raises NotAFile: when it is anything else.
    """
    parent, _, name = path.rpartition("/")
    folder = open_folder(root, parent)
    try:
        file = os.open(name, _FLAGS, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise NotAFile("not a regular file")
    return file


def signature(status: os.stat_result) -> Signature:
    """Take from a file's status what changes with its content."""
    return Signature(status.st_size, status.st_mtime_ns, status.st_ino)
