"""How content is named, against BLAKE3 computed in other ways."""

import hashlib
import struct

import pytest
from blake3 import blake3

from p2p_twisted.wire.chunks import (
    DIGEST_BYTES,
    chunk_count,
    chunk_digest,
    chunk_length,
    content_id,
    id_from_digests,
    is_file_id,
    is_short_id,
    split_chunks,
)
from p2p_twisted.wire.limits import CHUNK_BYTES, FILE_BYTES

SIZES = [0, 1, 1_023, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]

# Of no bytes, and of "hello" and a line's end.
KNOWN_EMPTY = "71e0a99173564931c0b8acc52d2685a8e39c64dc52e3d02390fdac2a12b155cb"
KNOWN_HELLO = "6a410df55e41395cc1087a5a5ac2dee6501372915b4da5e8b030bb3a0e371b82"


def made(size: int) -> bytes:
    """Make content that is different in every chunk."""
    return hashlib.shake_128(b"content").digest(size)


@pytest.mark.parametrize("size", SIZES)
def test_content_id(size: int) -> None:
    """The id is BLAKE3 over the size, 8 bytes big endian, and the chunks' digests."""
    content = made(size)
    hasher = blake3(struct.pack(">Q", size))
    for start in range(0, size, CHUNK_BYTES):
        hasher.update(blake3(content[start : start + CHUNK_BYTES]).digest())
    assert content_id(content) == hasher.hexdigest()


@pytest.mark.parametrize("size", SIZES)
def test_chunks(size: int) -> None:
    """Counts and lengths are those of the chunks that content is cut into."""
    chunks = list(split_chunks(made(size)))
    assert len(chunks) == chunk_count(size)
    assert [len(chunk) for chunk in chunks] == [
        chunk_length(size, index) for index in range(len(chunks))
    ]
    assert b"".join(chunks) == made(size)


def test_known_ids() -> None:
    """The ids that these bytes had from the beginning: a change would be another protocol."""
    assert content_id(b"") == KNOWN_EMPTY
    assert content_id(b"hello\n") == KNOWN_HELLO


def test_empty_digest() -> None:
    """BLAKE3 itself, by its published digest of nothing."""
    assert chunk_digest(b"").hex() == (
        "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
    )
    assert len(chunk_digest(b"")) == DIGEST_BYTES


def test_buffers() -> None:
    """Any buffer has the digest of its bytes."""
    assert chunk_digest(bytearray(b"a")) == chunk_digest(memoryview(b"a")) == chunk_digest(b"a")


def test_size_is_named_too() -> None:
    """The same digests under another size are another file."""
    assert id_from_digests(1, bytes(32)) != id_from_digests(2, bytes(32))


def test_largest_file() -> None:
    """The largest file's last chunk is a whole one."""
    count = chunk_count(FILE_BYTES)
    assert count == 1_048_576
    assert chunk_length(FILE_BYTES, count - 1) == CHUNK_BYTES


@pytest.mark.parametrize("text", [KNOWN_EMPTY.upper(), KNOWN_EMPTY + "\n", f"{KNOWN_EMPTY}0", ""])
def test_no_id(text: str) -> None:
    """An id is written in one way, and nothing else is one."""
    assert is_file_id(KNOWN_EMPTY)
    assert is_short_id(KNOWN_EMPTY[:16])
    assert not is_file_id(text)
    assert not is_short_id(text[48:])
