"""Remember which files of a download are published, so that a later run need not read them."""

import os
from collections.abc import Iterable
from contextlib import suppress

import attrs
import msgspec

from p2p_twisted.storage.disk import DiskFault


@attrs.frozen
class Published:
    """
    A file that was published.

    :ivar wanted: what it was to become.
    :ivar target: what it became.
    :ivar size: in bytes; this and what follows shows whether it was changed since.
    :ivar mtime_ns: when it was last written, in nanoseconds of wall time.
    :ivar inode: which file of its file system it is.
    """

    wanted: str
    target: str
    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def at(cls, wanted: str, target: str, path: str) -> "Published | None":
        """Look at what is there now; ``None`` when nothing is."""
        try:
            status = os.lstat(path)
        except OSError:
            return None
        return cls(wanted, target, status.st_size, status.st_mtime_ns, status.st_ino)


class PublishedRecord:
    """
    A list that only grows, in a file of its own; all methods block.

    It is believed only as far as what it tells of is still there, so nothing is lost
    with its last lines: a crash may take them.

    :param path: of its file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._decoder = msgspec.json.Decoder(Published)

    def read(self) -> dict[str, Published]:
        """
        Read what was published, by what it was to become; damaged lines count for nothing.

        :raises DiskFault: when it cannot be.
        """
        published = {}
        try:
            with open(self._path, "rb") as lines:
                for line in lines:
                    with suppress(msgspec.DecodeError, ValueError, RecursionError):
                        each = self._decoder.decode(line)
                        published[each.wanted] = each
        except FileNotFoundError:
            pass
        except OSError as error:
            raise DiskFault.of(error) from error
        return published

    def add(self, published: Iterable[Published]) -> None:
        """
        Write down what was published and is safe on the disk.

        :raises DiskFault: when it cannot be.
        """
        lines = b"".join(msgspec.json.encode(each) + b"\n" for each in published)
        try:
            with open(self._path, "ab") as file:
                file.write(lines)
        except OSError as error:
            raise DiskFault.of(error) from error

    def remove(self) -> None:
        """Forget it all; what cannot be removed is only of no use any more."""
        with suppress(OSError):
            os.unlink(self._path)
