"""Values that describe the files and folders of a library."""

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Self

import msgspec
from attrs import field, frozen

from p2p_twisted.wire.attributes import UNKNOWN, Attributes
from p2p_twisted.wire.names import FileId

if TYPE_CHECKING:
    import os


# Of these there are very many: attrs takes ten times as long to make one, and they make no rings
# that a garbage collector could find.
class Signature(msgspec.Struct, frozen=True, gc=False):
    """
    The parts of a file's status that change with its content.

    :ivar size: in bytes.
    :ivar mtime_ns: when it was last written, in nanoseconds of wall time.
    :ivar inode: its number within its file system.
    :ivar ctime_ns: when its content or anything in its status was last changed: no program can
        put that back. 0 if an earlier version has not remembered it.
    :ivar access: its mode, owner, group, and how many names it has.
    """

    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int = 0
    access: str = ""

    @classmethod
    def of(cls, status: "os.stat_result") -> Self:
        """Take it from a file's status."""
        access = _access(status.st_mode, status.st_uid, status.st_gid, status.st_nlink)
        return cls(status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns, access)

    def is_of(self, status: "os.stat_result") -> bool:
        """Return whether nothing has changed since, as :meth:`may_differ` would take longer to."""
        now = (status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino)
        return now == (self.ctime_ns, self.mtime_ns, self.size, self.inode)

    def is_written_to(self, later: Self) -> bool:
        """Return whether the file was written to, as long as no program has put the time back."""
        now = (later.size, later.mtime_ns, later.inode)
        return (self.size, self.mtime_ns, self.inode) != now

    def may_differ(self, later: Self) -> bool:
        """
        Return whether the file may have other content than before.

        A change of its status may hide that it was written to. But where its access has changed,
        that is taken for all that has: ``chmod -R`` and hard links make no file be read again.
        """
        is_status_changed = self.ctime_ns not in (0, later.ctime_ns)
        return self.is_written_to(later) or (is_status_changed and self.access == later.access)


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


class OnDisk(msgspec.Struct, frozen=True, gc=False):
    """
    A file in the library's directory.

    :ivar name: which it is shared under, in Unicode normal form C.
    :ivar path: which it is opened by, relative to the directory.
    :ivar is_executable: whether its owner may run it.
    """

    name: str
    path: str
    signature: Signature
    is_executable: bool = False

    @property
    def attributes(self) -> Attributes:
        """What is kept of it beside its content."""
        return Attributes.of(self.signature.mtime_ns, self.is_executable)


class HashedFile(msgspec.Struct, frozen=True, gc=False):
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
    :ivar ignored: how many names ignore files leave out.
    """

    files: int
    size: int
    hashing: int
    unshared: tuple[tuple[str, str], ...]
    excluded: int = 0
    ignored: int = 0


# Nearly all files of a library have the same.
@lru_cache(maxsize=64)
def _access(mode: int, owner: int, group: int, names: int) -> str:
    return f"{mode:o} {owner} {group} {names}"
