"""
How content is named: a digest per chunk, and one file id over them all.

A file is cut into chunks of 1 MiB, the last one shorter. Each has a BLAKE3
digest; the file id is BLAKE3 over the file's size (8 bytes, big endian) and
the digests in order. A chunk can thus be verified as soon as it has arrived,
against a list that was itself verified against the id.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from blake3 import blake3

from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.names import SHORT_ID_DIGITS

DIGEST_BYTES: Final = 32

_FILE_ID: Final = re.compile(r"[0-9a-f]{64}\Z")
_SHORT_ID: Final = re.compile(rf"[0-9a-f]{{{SHORT_ID_DIGITS}}}\Z")


def is_file_id(text: str) -> bool:
    """Return whether a text is a file id, and not only how one begins."""
    return _FILE_ID.match(text) is not None


def is_short_id(text: str) -> bool:
    """Return whether a text is as much of a file id as people are shown; it may be a name, too."""
    return _SHORT_ID.match(text) is not None


def chunk_count(size: int) -> int:
    """Return how many chunks a file of ``size`` bytes has; an empty one has none."""
    return -(-size // CHUNK_BYTES)


def chunk_length(size: int, index: int) -> int:
    """Return how many bytes chunk ``index`` of a file of ``size`` bytes has."""
    return min(CHUNK_BYTES, size - index * CHUNK_BYTES)


def chunk_digest(chunk: bytes | bytearray | memoryview) -> bytes:
    """Digest the bytes of one chunk."""
    return blake3(chunk).digest()


@lru_cache(maxsize=64)
def zero_digest(length: int) -> bytes:
    """Return the digest of a chunk of zeros."""
    return chunk_digest(bytes(length))


def id_from_digests(size: int, digests: bytes) -> str:
    """
    Name content by its size and chunk digests.

    :param size: of the whole file, in bytes.
    :param digests: the digests of its chunks, in order, without separators.
    :returns: 64 hexadecimal digits.
    """
    return blake3(size.to_bytes(8, "big") + digests).hexdigest()


def content_id(content: bytes) -> str:
    """Name content that is in memory."""
    digests = b"".join(chunk_digest(chunk) for chunk in split_chunks(content))
    return id_from_digests(len(content), digests)


def split_chunks(content: bytes) -> Iterable[memoryview]:
    """Cut content into its chunks, without copying it."""
    view = memoryview(content)
    for start in range(0, len(content), CHUNK_BYTES):
        yield view[start : start + CHUNK_BYTES]
