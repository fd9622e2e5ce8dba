"""What can be pushed: open content, whichever room it comes from."""

import os
from typing import ClassVar, Final, Protocol

from p2p_twisted.runtime.file_systems import kind_of
from p2p_twisted.wire import limits
from p2p_twisted.wire.names import FileId

_IN_MEMORY: Final = ("tmpfs", "ramfs")
_SURE_BYTES: Final = 256 * limits.KIB
# Where the system knows no such thing, everything is read at once.
_WITHOUT_WAITING: Final[int] = getattr(os, "RWF_NOWAIT", 0)


class SourceChanged(Exception):
    """
    The content is not what its file id names any more; its holder is not to blame.

    :cvar told: what the requester is told.
    """

    told: ClassVar[str] = "the file was changed"


class SourceUnreadable(SourceChanged):
    """The content cannot be read, whatever it is now: its disk fails."""

    told = "the file cannot be read; the disk may be failing"


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

    def doubt(self) -> None:
        """Have whoever shares it see whether it is still there, as it could not be read."""

    def close(self) -> None:
        """Close what is open; twice does no harm."""


def is_at_hand(fd: int, offset: int, length: int) -> bool:
    """
    Return whether bytes of an open file can probably be read without waiting for a disk.

    Few of them are looked at: the system reads far more at a time. Of file systems that do not
    say, such as those of other machines, none are at hand.
    """
    some = [memoryview(bytearray(1))]
    try:
        for place in {*range(offset, offset + length, _SURE_BYTES), offset + length - 1}:
            os.preadv(fd, some, place, _WITHOUT_WAITING)
    except OSError:
        return False
    return True


def is_in_memory(fd: int) -> bool:
    """Return whether an open file is on a file system without a disk: it does not say so itself."""
    return kind_of(fd) in _IN_MEMORY


def bring_to_hand(fd: int, offset: int, length: int) -> bool:
    """
    Read bytes of a file, so that they and its status are at hand; blocks, and closes it.

    :returns: whether they could be read; to try once more where a disk fails would take long.
    """
    block = bytearray(min(length, _SURE_BYTES))
    try:
        os.fstat(fd)
        for place in range(offset, offset + length, len(block)):
            os.preadv(fd, [block], place)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def unreadable(source: Source) -> SourceUnreadable:
    """Doubt a source of which something could not be read, and return what to raise."""
    source.doubt()
    return SourceUnreadable("it cannot be read")


def read_exactly(fd: int, offset: int, length: int) -> bytes:
    """
    Read exactly ``length`` bytes of an open file: one call may read fewer.

    :raises SourceChanged: when they are not there.
    :raises SourceUnreadable: when they cannot be read.
    """
    pieces = []
    while length:
        try:
            piece = os.pread(fd, length, offset)
        except OSError as error:
            raise SourceUnreadable(error.strerror or "it cannot be read") from error
        if not piece:
            raise SourceChanged("it was cut")
        pieces.append(piece)
        offset += len(piece)
        length -= len(piece)
    return b"".join(pieces)
