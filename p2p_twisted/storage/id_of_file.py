"""Compute the id of a file that is there, as long as that is wanted."""

import os
from collections.abc import Callable

from p2p_twisted.runtime.openat import native, open_file_in
from p2p_twisted.wire.chunks import chunk_count, id_from_digests
from p2p_twisted.wire.chunks_on_disk import digest_on_disk
from p2p_twisted.wire.names import FileId


def id_of_file(
    folder_fd: int, name: str, size: int | None, is_wanted: Callable[[], bool]
) -> FileId | None:
    """
    Compute the id of a file.

    :returns: ``None`` when it is not a regular file, not of that size, or not wanted any more.
    :raises FileNotFoundError: when it does not exist.
    """
    try:
        fd = open_file_in(folder_fd, native(name))
    except FileNotFoundError:
        raise
    except OSError:
        return None
    try:
        has = os.fstat(fd).st_size
        return _hash(fd, has, is_wanted) if size in (None, has) else None
    finally:
        os.close(fd)


def _hash(fd: int, size: int, is_wanted: Callable[[], bool]) -> FileId | None:
    digests = bytearray()
    for index in range(chunk_count(size)):
        if not is_wanted():
            return None
        digests += digest_on_disk(fd, size, index)
    return id_from_digests(size, bytes(digests))
