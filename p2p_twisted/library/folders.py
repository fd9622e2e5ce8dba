"""Keep totals of what lies below each folder, while files are added, changed and removed."""

from collections.abc import Iterator

import msgspec
from attrs import Factory, define, frozen

from p2p_twisted.library.entries import HashedFile, OnDisk
from p2p_twisted.wire.names import FileId


# Of these there are as many as of what it is made of.
class SharedFile(msgspec.Struct, frozen=True, gc=False):
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

    def count(self, change: "Change") -> None:
        """Change the totals by what became of some files."""
        self.files += change.files
        self.size += change.size
        self.unhashed += change.unhashed
        self.growing += change.growing
        self.hashed_bytes += change.hashed_bytes


@define
class Change:
    """By how much the totals of all folders above some files change: see :class:`Folder`."""

    files: int = 0
    size: int = 0
    unhashed: int = 0
    growing: int = 0
    hashed_bytes: int = 0

    def replace(self, old: SharedFile | None, new: SharedFile | None) -> None:
        """Count that a file takes the place of what it was; ``None`` where there is none."""
        if old is not None:
            self._count(old, -1)
        if new is not None:
            self._count(new, 1)

    def _count(self, file: SharedFile, by: int) -> None:
        size = file.on_disk.signature.size
        self.files += by
        self.size += by * size
        self.unhashed += by * (file.content is None)
        self.growing += by * file.is_growing
        self.hashed_bytes += by * (size * file.percent // 100)


def folders_above(name: str) -> Iterator[str]:
    """Yield the names of the folders above a path, the nearest first, the root (empty) last."""
    while name:
        name = name.rpartition("/")[0]
        yield name
