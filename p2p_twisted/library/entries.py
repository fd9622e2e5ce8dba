"""What is known of the files of a library, as values."""

from typing import TYPE_CHECKING, Literal, Self

from attrs import frozen

from p2p_twisted.wire.names import FileId

if TYPE_CHECKING:
    import os


@frozen
class Signature:
    """
    What changes when a file's content does.

    :ivar size: in bytes.
    :ivar mtime_ns: when it was last written, in nanoseconds of wall time.
    :ivar inode: which file of its file system it is.
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
    A folder below the library's directory, or that directory itself, both empty.

    :ivar name: the one it is shared under, in normal form C.
    :ivar path: the one it is opened by, relative to the directory.
    """

    name: str = ""
    path: str = ""


@frozen
class Visit:
    """
    A folder to look into.

    :ivar is_deep: look into all folders below it, not only into new ones.
    """

    place: Place
    is_deep: bool


@frozen
class OnDisk:
    """
    A file as it lies in the library's directory.

    :ivar name: the one it is shared under, in normal form C.
    :ivar path: the one it is opened by, relative to the directory.
    """

    name: str
    path: str
    signature: Signature


@frozen
class HashedFile:
    """
    What hashing a file brings.

    :ivar digests: of its chunks, in order, 32 bytes each.
    """

    file_id: FileId
    digests: bytes


@frozen
class Shared:
    """
    A file or folder that others can find.

    :ivar size: in bytes; a folder's is the sum of its files'.
    :ivar file_id: names the content, a folder's its manifest; ``None`` until it is known.
    :ivar hashed: how much of it has been hashed, in percent.
    """

    name: str
    kind: Literal["file", "folder"]
    size: int
    file_id: FileId | None
    hashed: int


@frozen
class Summary:
    """
    A library at a glance.

    :ivar size: of all files, in bytes.
    :ivar hashing: how many files are still being hashed.
    :ivar unshared: names below the directory that cannot be shared, and why.
    """

    files: int
    size: int
    hashing: int
    unshared: tuple[tuple[str, str], ...]
