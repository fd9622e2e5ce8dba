"""Save many small files with one flush for all of them, and for the names of others before."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress

import msgspec

from p2p_twisted.runtime.openat import Fsync
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox, Kept
from p2p_twisted.storage.published import Published
from p2p_twisted.storage.unnamed import DESCRIPTORS, UnnamedFile
from p2p_twisted.wire.manifest import Member

Flush = Callable[[Sequence[int]], bool]
"""Flushes the disks of some open folders: see :meth:`Inbox.flush`."""


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


class Named:
    """
    Files that have got their names, which are safe once their folders' disks are flushed.

    :ivar files: those.
    :ivar folders: file descriptors of the folders that they are in, until it is closed.
    """

    def __init__(self) -> None:
        self.files: list[SmallFile] = []
        self.folders: dict[str, int] = {}

    def close(self) -> None:
        """Let go of the folders; twice does no harm."""
        while self.folders:
            os.close(self.folders.popitem()[1])


def portions(wholes: Sequence[SmallFile], most: int) -> Iterator[Sequence[SmallFile]]:
    """
    Take files, sorted by folder, apart.

    :param most: how many there are in a portion at most, in a third as many folders.
    """
    start, folders = 0, 0
    for index, whole in enumerate(wholes):
        is_other = index == start or whole.folder != wholes[index - 1].folder
        if index - start == most or (is_other and folders >= max(most // 3, 1)):
            yield wholes[start:index]
            start, folders, is_other = index, 0, True
        folders += is_other
    yield wholes[start:]


def name_together(inbox: Inbox, wholes: Sequence[SmallFile], flush: Flush) -> Named | None:
    """
    Save files but for their names, of which none has one before all of them are safe; blocks.

    The flush for that has the names of new folders safe, too. Each file needs a descriptor
    meanwhile, as do its folder and a new one.

    :param flush: flushes the disks of these folders, of which the first of each disk was opened
        before anything was written there; returns whether all is safe.
    :returns: those that are named, the first ones: fewer where something goes wrong. ``None``
        where nothing was flushed, as the disk cannot do so, or something went wrong. To save the
        rest one by one tells what it is.
    :raises DiskFault: when the names of folders that it has made cannot be made safe; what
        ``flush`` raises.
    """
    named, files = Named(), list[UnnamedFile]()
    # Of new folders, those above them, as many as there are files: there may be far more.
    above: list[int] = []

    def made(folder: int) -> None:
        if len(above) < len(wholes):
            above.append(os.dup(folder))
        else:
            inbox.sync_folders([folder], singly=True)

    with ExitStack() as opened, ExitStack() as unnamed:
        opened.callback(_close_all, files, above)
        unnamed.callback(named.close)
        try:
            _open_folders(inbox, wholes, named.folders, made)
            for whole in wholes:
                _write(inbox, whole, named.folders[whole.folder], files)
            descriptors = os.open(DESCRIPTORS, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            opened.callback(os.close, descriptors)
            are_written = True
        except (OSError, DiskFault):
            are_written = False
        if not (are_written and flush([*named.folders.values()])):
            inbox.sync_folders(above, singly=True)
            return None
        with suppress(OSError):
            for whole, file in zip(wholes, files, strict=True):
                name, whole.status = file.place(descriptors)
                whole.call(name)
                named.files.append(whole)
        unnamed.pop_all()
    return named


def _open_folders(
    inbox: Inbox, wholes: Sequence[SmallFile], folders: dict[str, int], made: Fsync
) -> None:
    # First, so that it also tells what goes wrong with folders that are made.
    folders[""] = inbox.open_folder(wholes[0].name)
    for whole in wholes:
        if whole.folder not in folders:
            folders[whole.folder] = inbox.open_folder(whole.member.path, made)


def _write(inbox: Inbox, whole: SmallFile, folder: int, files: list[UnnamedFile]) -> None:
    file = inbox.open_unnamed(folder, whole.name)
    files.append(file)
    file.write(whole.content.all_bytes, whole.member.attributes)


def _close_all(files: Iterable[UnnamedFile], folders: Iterable[int]) -> None:
    for file in files:
        file.close()
    for folder in folders:
        os.close(folder)
