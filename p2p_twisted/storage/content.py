"""The size and digests of a file, checked against its id."""

from collections.abc import Iterator
from typing import Final

from p2p_twisted.wire.chunks import (
    DIGEST_BYTES,
    chunk_count,
    chunk_digest,
    chunk_length,
    id_from_digests,
    zero_digest,
)
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.names import FileId

WORTH_SHARING_BYTES: Final = 4 * CHUNK_BYTES
"""Smaller content is fetched from one holder: more connections are not worth it."""


class WrongContent(Exception):
    """Delivered content does not match its id."""


class Content:
    """
    The size and chunk digests of a file, checked against its id.

    :raises WrongContent: when they do not match the id.
    """

    def __init__(self, file_id: FileId, size: int, digests: bytes) -> None:
        if (
            len(digests) != DIGEST_BYTES * chunk_count(size)
            or id_from_digests(size, digests) != file_id
        ):
            raise WrongContent("the digests are of another file")
        self.file_id = file_id
        self.size = size
        self.digests = digests

    @property
    def chunks(self) -> int:
        """How many chunks the file has."""
        return chunk_count(self.size)

    def length(self, index: int) -> int:
        """Return the length of a chunk in bytes."""
        return chunk_length(self.size, index)

    def digest(self, index: int) -> bytes:
        """Return the digest of a chunk."""
        return self.digests[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES]

    def is_zero(self, index: int) -> bool:
        """Return whether a chunk is all zeros, as its digest shows."""
        return self.digest(index) == zero_digest(self.length(index))

    def zeros(self) -> Iterator[int]:
        """Find the chunks that are all zeros: they need not be sent."""
        last = self.chunks - 1
        zero, place = zero_digest(CHUNK_BYTES), -1
        while (place := self.digests.find(zero, place + 1)) >= 0:
            index, rest = divmod(place, DIGEST_BYTES)
            if not rest and index < last:
                yield index
        if last >= 0 and self.is_zero(last):
            yield last

    def check(self, index: int, chunk: bytes | memoryview) -> None:
        """
        Check the bytes of a chunk.

        :raises WrongContent: when they do not match its digest.
        """
        if chunk_digest(chunk) != self.digest(index):
            raise WrongContent(f"chunk {index} is not what it should be")


class WholeContent(Content):
    """
    A file of at most one chunk with its bytes, checked against its id.

    :ivar all_bytes: of the file.
    :raises WrongContent: when they do not match the id.
    """

    def __init__(self, file_id: FileId, all_bytes: bytes) -> None:
        digests = chunk_digest(all_bytes) if all_bytes else b""
        super().__init__(file_id, len(all_bytes), digests)
        self.all_bytes = all_bytes
