"""What can be pushed: the seam between a library and the transfers that serve it."""

from typing import Protocol

from p2p_twisted.wire.names import FileId


class SourceChanged(Exception):
    """The content is not what its file id names any more; nobody is to blame."""


class Source(Protocol):
    """
    Open content with a known id.

    :ivar file: its id.
    :ivar size: in bytes.
    :ivar digests: of its chunks, in order, 32 bytes each.
    """

    file: FileId
    size: int
    digests: bytes

    @property
    def descriptor(self) -> int | None:
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
        """Let go of it; twice does no harm."""
