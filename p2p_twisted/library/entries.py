"""Values that describe the files and folders of a library."""

from typing import TYPE_CHECKING, Literal, Self

from attrs import field, frozen

from p2p_twisted.wire.attributes import UNKNOWN, Attributes
from p2p_twisted.wire.names import FileId

if TYPE_CHECKING:
    import os


@frozen
class Signature:
    """
    The parts of a file's status that change with its content.

    :ivar size: in bytes.
    :ivar mtime_ns: when it was last written, in nanoseconds of wall time.
    :ivar inode: its number within its file system.
    """

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, status: "os.stat_result") -> Self:
        """Take it from a file's status."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


@frozen
class Place:
    """
    A folder below the library's directory; the directory itself has an empty name and path.

    :ivar name: which it is shared under, in Unicode normal form C.
    :ivar path: which it is opened by, relative to the directory.
    """

    name: str = ""
    path: str = ""


@frozen
class Visit:
    """
    A folder to scan.

    :ivar is_deep: whether to scan all folders below it, too, not only new ones.
    """

    place: Place
    is_deep: bool


@frozen
class OnDisk:
    """
    A file in the library's directory.

    :ivar name: which it is shared under, in Unicode normal form C.
    :ivar path: which it is opened by, relative to the directory.
    """

    name: str
    path: str
    signature: Signature
    attributes: Attributes = UNKNOWN


@frozen
class HashedFile:
    """
    The result of hashing a file.

    :ivar digests: of its chunks, in order, 32 bytes each.
    """

    file_id: FileId
    digests: bytes


@frozen
class Shared:
    """
    A file or folder that others can find.

    :ivar size: in bytes; a folder's is the sum of its files'.
    :ivar file_id: of its content, or of a folder's manifest; ``None`` until it is known.
    :ivar hashed: how much of it has been hashed, in percent.
    :ivar attributes: what is kept of a file beside its content.
    :ivar attributes_id: of the list of what is kept of a folder's files.
    :ivar left_out: how many entries below a folder are not shared.
    :ivar is_growing: whether it, or a file below it, is still being written to.
    """

    name: str
    kind: Literal["file", "folder"]
    size: int
    file_id: FileId | None
    hashed: int
    left_out: int = 0
    is_growing: bool = False
    # The same content under the same name is the same.
    attributes: Attributes = field(default=UNKNOWN, eq=False)
    attributes_id: FileId | None = field(default=None, eq=False)


@frozen
class Summary:
    """
    A library at a glance.

    :ivar size: of all files, in bytes.
    :ivar hashing: how many files are still being hashed.
    :ivar unshared: names below the directory that cannot be shared, and why; the first thousand.
    :ivar excluded: how many there are.
    """

    files: int
    size: int
    hashing: int
    unshared: tuple[tuple[str, str], ...]
    excluded: int = 0
