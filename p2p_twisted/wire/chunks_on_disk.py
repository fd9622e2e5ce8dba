"""Digest the chunks of files."""

import mmap
import os
from threading import local

from p2p_twisted.runtime.holes import HOLE_BYTES, has_data
from p2p_twisted.wire.chunks import chunk_digest, chunk_length, zero_digest
from p2p_twisted.wire.limits import CHUNK_BYTES


class _Memory(local):
    """Where each thread reads to. Page-aligned: the kernel copies there several times faster."""

    def __init__(self) -> None:
        # Private: what is shared by default would also be that of a forked process.
        private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self.block = memoryview(mmap.mmap(-1, CHUNK_BYTES, private))


_memory = _Memory()


def digest_on_disk(fd: int, size: int, index: int) -> bytes:
    """
    Digest one chunk of an open file; nothing is read of its holes.

    :param size: of the file, in bytes.
    :returns: no bytes where the file has become shorter.
    :raises OSError: when it cannot be read.
    """
    offset, length = index * CHUNK_BYTES, chunk_length(size, index)
    if length >= HOLE_BYTES and not has_data(fd, offset, length):
        return zero_digest(length)
    chunk = _memory.block[:length]
    done = 0
    while done < length:
        read = os.preadv(fd, [chunk[done:]], offset + done)
        if not read:
            return b""
        done += read
    return chunk_digest(chunk)
