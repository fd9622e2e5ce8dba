"""Keep totals of what lies below each folder, while files are added, changed and removed."""

from collections.abc import Iterator

from attrs import Factory, define, frozen

from p2p_twisted.library.entries import HashedFile, OnDisk
from p2p_twisted.wire.names import FileId


@frozen
class SharedFile:
    """
    A file of the library.

    :ivar content: ``None`` until it has been hashed.
    :ivar percent: how much of it has been hashed, in percent.
    :ivar is_growing: whether it is still being written to.
    """

    on_disk: OnDisk
    content: HashedFile | None = None
    percent: int = 0
    is_growing: bool = False

    @property
    def hashed_bytes(self) -> int:
        """About how many of its bytes have been hashed."""
        return self.on_disk.signature.size * self.percent // 100


@frozen
class FolderIds:
    """
    The ids of what lists a folder's files.

    :ivar manifest: names the folder.
    :ivar attributes: of the list of what is kept of the files beside their content.
    """

    manifest: FileId
    attributes: FileId


@define
class Folder:
    """
    Totals of what lies below a folder, at any depth.

    :ivar children: the names of the files and folders directly in it.
    :ivar size: of all files, in bytes.
    :ivar unhashed: how many files have no content yet.
    :ivar growing: how many files are still being written to.
    :ivar ids: of its lists; ``None`` until they have been made.
    :ivar is_too_large: whether its manifest cannot be made.
    """

    children: set[str] = Factory(set)
    files: int = 0
    size: int = 0
    unhashed: int = 0
    growing: int = 0
    hashed_bytes: int = 0
    ids: FolderIds | None = None
    is_too_large: bool = False

    @property
    def percent(self) -> int:
        """How much of it has been hashed, in percent: 100 once it has an id."""
        if self.ids is not None:
            return 100
        return min(99, self.hashed_bytes * 100 // max(1, self.size))

    def count(self, entry: SharedFile | None, sign: int) -> None:
        """Add a file to the totals, or subtract it with ``sign`` -1; ignore ``None``."""
        if entry is not None:
            self.files += sign
            self.size += sign * entry.on_disk.signature.size
            self.unhashed += sign * (entry.content is None)
            self.growing += sign * entry.is_growing
            self.hashed_bytes += sign * entry.hashed_bytes


def folders_above(name: str) -> Iterator[str]:
    """Yield the names of the folders above a path, the nearest first, the root (empty) last."""
    while name:
        name = name.rpartition("/")[0]
        yield name
