"""Notice that another program writes to a file that should be ours alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from p2p_twisted.runtime.file_systems import kind_of

# Elsewhere a file's time may change by itself, such as when a server has what was written.
_TIMED_BY_WRITES: Final = ("btrfs", "ext4", "tmpfs", "xfs")


class ForeignWrites:
    """
    Tells our writes to an open file from others', by when it was last written to.

    What comes within one tick of the system's clock after a write of ours is not noticed.

    :param fd: of the file, open as long as this is used.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._own = self._written()
        self._have_come = False

    @contextmanager
    def told_apart(self) -> Iterator[None]:
        """Take what is written meanwhile for ours."""
        self._have_come |= self._written() != self._own
        yield
        self._own = self._written()

    @property
    def have_come(self) -> bool:
        """Whether others seem to have written to it; always ``False`` where that cannot be told."""
        have_come = self._have_come or self._written() != self._own
        return have_come and kind_of(self._fd) in _TIMED_BY_WRITES

    def _written(self) -> int:
        return os.fstat(self._fd).st_mtime_ns
