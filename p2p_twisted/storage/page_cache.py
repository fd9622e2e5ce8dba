"""What the system keeps in memory of a file that is being written."""

import os
from collections import deque
from contextlib import suppress
from typing import Final

from p2p_twisted.storage.disk import Disk
from p2p_twisted.wire.limits import CHUNK_BYTES

KEPT_BYTES: Final = 268_435_456
"""How much of a large file stays in memory: smaller ones do as a whole."""

_KEPT_CHUNKS: Final = KEPT_BYTES // CHUNK_BYTES


class PageCache:
    """
    The memory that the system keeps the chunks of one file in.

    Each chunk of a large file is written to the disk at once, so that little is left to wait for
    in the end, and leaves the memory soon after: what other programs have there can stay. A
    virtual machine is also quicker to use the same memory again than to take other memory, which
    its host may have to give first: see docs/benchmarks.md.

    :param fd: of the file.
    :param size: of the whole file, in bytes.
    """

    def __init__(self, disk: Disk, fd: int, size: int) -> None:
        self._disk = disk
        self._fd = fd
        self._is_large = size > KEPT_BYTES and hasattr(os, "posix_fadvise")
        self._kept: deque[int] = deque()
        self._keeps_all = False

    def keep_all(self) -> None:
        """Keep all from now on, as others read it: to read it again would slow down the writing."""
        self._keeps_all = True

    def wrote(self, index: int) -> None:
        """Record one more chunk."""
        if not self._is_large:
            return
        self._not_needed(index)
        self._kept.append(index)
        if len(self._kept) > _KEPT_CHUNKS:
            oldest = self._kept.popleft()
            if not self._keeps_all:
                self._not_needed(oldest)

    def _not_needed(self, index: int) -> None:
        """Begin to write a chunk to the disk; if it is there already, forget it."""
        start = index * CHUNK_BYTES
        # A system without it (ENOSYS), or a sandbox that forbids it, writes just as well.
        with suppress(OSError):
            self._disk.posix_fadvise(self._fd, start, CHUNK_BYTES, os.POSIX_FADV_DONTNEED)
