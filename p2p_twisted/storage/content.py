"""What a file id stands for, once a list of digests has proven it."""

from typing import Final, Self

from p2p_twisted.wire.chunks import (
    DIGEST_BYTES,
    chunk_count,
    chunk_digest,
    chunk_length,
    id_from_digests,
)
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.names import FileId

WORTH_SHARING_BYTES: Final = 4 * CHUNK_BYTES
"""Smaller content comes from one holder: it is not worth more connections."""


class WrongContent(Exception):
    """What was delivered is not what its id names."""


class Content:
    """
    The size and chunk digests of a file, checked against its id.

    :raises WrongContent: when the id does not name them.
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

    @classmethod
    def of_whole(cls, file_id: FileId, whole: bytes) -> Self:
        """
        Check content of at most one chunk that is all there.

        :raises WrongContent: when the id does not name it.
        """
        return cls(file_id, len(whole), chunk_digest(whole) if whole else b"")

    @property
    def chunks(self) -> int:
        """How many chunks it has."""
        return chunk_count(self.size)

    def length(self, index: int) -> int:
        """Tell how many bytes a chunk has."""
        return chunk_length(self.size, index)

    def check(self, index: int, chunk: bytes | memoryview) -> None:
        """
        Check a chunk.

        :raises WrongContent: when these are not its bytes.
        """
        start = index * DIGEST_BYTES
        if chunk_digest(chunk) != self.digests[start : start + DIGEST_BYTES]:
            raise WrongContent(f"chunk {index} is not what it should be")
