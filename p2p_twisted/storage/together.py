"""Save many small files with one flush for all of them."""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress

import msgspec

from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox, Kept
from p2p_twisted.storage.published import Published
from p2p_twisted.storage.unnamed import DESCRIPTORS, UnnamedFile
from p2p_twisted.wire.manifest import Member


# Of these there are very many, which attrs would take ten times as long to make.
class SmallFile(msgspec.Struct, gc=False):
    """
    A small file that has come.

    :ivar member: what it is to become, with its target as path.
    :ivar folder: the path of the folder that it is to be in.
    :ivar name: what it is to be called there.
    :ivar target: what it has become.
    :ivar status: of that.
    """

    member: Member
    content: WholeContent
    folder: str = ""
    name: str = ""
    target: str = ""
    status: os.stat_result | None = None

    def __post_init__(self) -> None:
        """Take the path of the member apart."""
        self.folder, _slash, self.name = self.member.path.rpartition("/")

    def call(self, name: str) -> None:
        """Record which name it has got in its folder."""
        self.target = f"{self.folder}/{name}" if self.folder else name

    def published(self) -> Published:
        """Describe what it has become for a later run of its download."""
        assert self.status is not None
        return Published.of(self.member.path, self.target, self.status)

    def kept(self) -> Kept:
        """Describe it for whoever remembers what is published."""
        return self.target, self.content.file_id, self.content.digests, self.status


def save_together(inbox: Inbox, wholes: Sequence[SmallFile]) -> list[SmallFile]:
    """
    Save files, none of which has a name before all of them are safe; blocks.

    Each needs a file descriptor meanwhile, as does each of their folders.

    :returns: those that are saved, the first ones. None are where the disk cannot do so, and
        fewer where something goes wrong: to save the rest one by one tells what it is.
    :raises DiskFault: when their names cannot be made safe.
    """
    with ExitStack() as opened:
        try:
            folders = _open_folders(inbox, wholes, opened)
            files: list[UnnamedFile] = []
            opened.callback(_close_all, files)
            for whole in wholes:
                _write(inbox, whole, folders[whole.folder], files)
            descriptors = os.open(DESCRIPTORS, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            opened.callback(os.close, descriptors)
            if not inbox.flush(folders.values()):
                return []
        except (OSError, DiskFault):
            return []
        saved: list[SmallFile] = []
        with suppress(OSError):
            for whole, file in zip(wholes, files, strict=True):
                name, whole.status = file.place(descriptors)
                whole.call(name)
                saved.append(whole)
        inbox.sync_folders(folders.values())
        return saved


def _open_folders(inbox: Inbox, wholes: Sequence[SmallFile], opened: ExitStack) -> dict[str, int]:
    folders: dict[str, int] = {}
    for whole in wholes:
        if whole.folder not in folders:
            folders[whole.folder] = inbox.open_folder(whole.member.path)
            opened.callback(os.close, folders[whole.folder])
    return folders


def _write(inbox: Inbox, whole: SmallFile, folder: int, files: list[UnnamedFile]) -> None:
    file = inbox.open_unnamed(folder, whole.name)
    files.append(file)
    file.write(whole.content.all_bytes, whole.member.attributes)


def _close_all(files: Iterable[UnnamedFile]) -> None:
    for file in files:
        file.close()
