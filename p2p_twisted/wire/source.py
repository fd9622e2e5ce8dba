"""What can be pushed: open content, whichever room it comes from."""

import os
from typing import Protocol

from p2p_twisted.wire.names import FileId


class SourceChanged(Exception):
    """The content is not what its file id names any more; its holder is not to blame."""


class Source(Protocol):
    """
    Open content with a known id.

    :ivar file_id: its id.
    :ivar size: in bytes.
    :ivar digests: of its chunks, in order, 32 bytes each.
    """

    file_id: FileId
    size: int
    digests: bytes

    @property
    def fd(self) -> int | None:
        """The open file that has its bytes at the same offsets; ``None`` for none."""

    def check(self) -> None:
        """
        Check that it is still what was hashed.

        :raises SourceChanged: when it was changed or cut since.
        """

    def read(self, offset: int, length: int) -> bytes:
        """
        Read exactly ``length`` bytes.

        :raises SourceChanged: when it was changed or cut since it was hashed.
        """

    def close(self) -> None:
        """Close what is open; twice does no harm."""


def read_exactly(fd: int, offset: int, length: int) -> bytes:
    """
    Read exactly ``length`` bytes of an open file: one call may read fewer.

    :raises SourceChanged: when they are not there, or cannot be read.
    """
    pieces = []
    while length:
        try:
            piece = os.pread(fd, length, offset)
        except OSError as error:
            raise SourceChanged(error.strerror or "it cannot be read") from error
        if not piece:
            raise SourceChanged("it was cut")
        pieces.append(piece)
        offset += len(piece)
        length -= len(piece)
    return b"".join(pieces)
