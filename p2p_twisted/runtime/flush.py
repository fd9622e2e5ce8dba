"""Make all that is on a file system safe with one call."""

import ctypes
import os
import re
from collections.abc import Callable
from functools import cache
from typing import Final

from p2p_twisted.runtime.file_systems import kind_of

# Others promise as much, but may not tell an error: those that lie on top of another, for one.
_PROMISES: Final = frozenset(["btrfs", "ext4", "tmpfs", "xfs"])
# Earlier ones keep some errors to themselves: commit 5679897eb104.
_TELLS_ERRORS: Final = (5, 17)
_RELEASE: Final = re.compile(r"(\d+)\.(\d+)")


def flush_all(fd: int) -> bool:
    """
    Flush all that was written to the file system of an open file; blocks.

    Says sync(2) of Linux: "sync() or syncfs() provide the same guarantees as fsync() called on
    every file in the system or filesystem respectively". Files of other programs are waited for,
    too.

    :param fd: was opened before anything that is to be safe was written, or an error of that
        might not be told.
    :returns: whether it is safe; otherwise it is not promised here, or something on that file
        system could not be written: flush each file by itself, which tells.
    """
    syncfs = _syncfs()
    return syncfs is not None and kind_of(fd) in _PROMISES and not syncfs(fd)


@cache
def _syncfs() -> Callable[[int], int] | None:
    release = _RELEASE.match(os.uname().release)
    if release is None or tuple(map(int, release.groups())) < _TELLS_ERRORS:
        return None
    # Not every system has it.
    return getattr(ctypes.CDLL(None), "syncfs", None)
