"""Download a folder, or a selection of files: its manifest first, then what that lists."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import accumulate
from typing import Final

import attrs
from twisted.internet.defer import CancelledError

from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.file import FileDownload
from p2p_twisted.download.folder_attributes import FolderAttributes
from p2p_twisted.download.members import Members
from p2p_twisted.download.reporter import Reporter
from p2p_twisted.runtime.amounts import count, human_size
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.free_names import candidates
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.storage.manifests import manifest_item, read_manifest
from p2p_twisted.wire.limits import KIB, PATH_BYTES
from p2p_twisted.wire.manifest import BadManifest, Member
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName, check_placed

_TIMES_REMOVED: Final = 3
# Most file systems give each file as much at least, and keep as much of an empty one elsewhere.
_FILE_TAKES_BYTES: Final = 4 * KIB


@attrs.frozen
class SomeGone(Exception):
    """
    No peer shares some of it any more; the rest is there.

    :ivar target: of the whole.
    :ivar names: of what is missing.
    :ivar changed: those of them for which a holder has other content now, and that holder.
    """

    target: str
    names: tuple[str, ...]
    changed: tuple[tuple[str, PeerName], ...] = ()


class FolderDownload:
    """
    Downloads what a manifest lists.

    A folder's manifest is content like any other, but lands in an inbox of the peer's
    own; a selection's is made there. Files that are there already are not fetched
    again, so that a folder goes on where an earlier run has left it.

    :ivar taken: the names that it, or some of a selection, should have and other files have.
    :ivar was_here: whether a folder of that content was there before.
    """

    taken: tuple[str, ...] = ()
    was_here = False

    def __init__(
        self,
        context: DownloadContext,
        entry: JournalEntry,
        hits: Iterable[Hit],
        reporter: Reporter,
    ) -> None:
        self._disk = context.disk
        self._seeds = context.local.seeds
        self._inbox = context.disk.inbox
        self._manifests = context.disk.manifests
        self._entry = entry
        self._reporter = reporter
        self._item = manifest_item(entry.file)
        self._manifest = FileDownload(context, self._manifests, self._item, hits, reporter)
        self._attributes = FolderAttributes(context, entry.file, hits, reporter)
        self._members = Members(context, entry.file, hits, reporter)

    async def run(self) -> str:
        """
        Download it.

        :returns: the target of the whole folder; nothing for a selection.
        :raises SomeGone: when no peer shares some of it any more.
        :raises BadManifest: when it is no folder that could be stored, or more than was promised.
        :raises TakesTooMuch: when it takes more of the disk than it may.
        :raises BadName: when it is too deep for the folder in which it is to land.
        :raises DiskFault: when it cannot be kept.
        """
        manifest = await self._manifest.run()
        if self._manifest.is_canceled:
            raise CancelledError
        listed = await self._disk.all(read_manifest(self._manifests.path(manifest)))
        _check_size(listed, self._entry)
        target = await self._find(listed)
        if target is not None:
            await self._seeds.listed(self._entry.file, listed)
        else:
            _check_depth(listed, self._entry)
            longest = max(len(member.path.encode()) for member in listed)
            target = await self._disk.call(self._choose_target, PATH_BYTES - 1 - longest)
            listed = await self._attributes.add_to(listed)
            await self._seeds.listed(self._entry.file, listed)
            # In their place, as very many need much memory.
            numbers = range(len(listed))
            await self._disk.each_listed(partial(_place, listed, target), numbers)
            await self._fetch(listed, target)
        # All is saved: to cancel it now is too late.
        with suppress(CancelledError):
            await self._disk.call(self._conclude, target)
        return target

    async def _find(self, listed: list[Member]) -> str | None:
        """Look for an earlier download of the same content."""
        entry = self._entry
        if entry.kind == "files" or await self._disk.call(self._known_target) is not None:
            return None
        for target in map(entry.placed, candidates(entry.name.rpartition("/")[2])):
            if not self._inbox.exists(target):
                return None
            if await self._members.are_all_here(_placed(listed, target)):
                self.was_here = True
                files = [member for member in listed if not member.is_folder]
                self._reporter.measured(sum(member.size for member in files), len(files))
                self._reporter.advanced(self._reporter.progress.size)
                return target
        return None

    async def _fetch(self, placed: list[Member], target: str) -> None:
        members = [member for member in placed if not member.is_folder]
        empty = [member.path for member in placed if member.is_folder]
        for _ in range(_TIMES_REMOVED):
            self._reporter.measured(sum(member.size for member in members), len(members))
            gone = await self._members.run(members, target)
            await self._disk.each(self._inbox.make_folders, empty)
            if gone:
                changed = ((member.path, by) for member, by in gone if by is not None)
                raise SomeGone(target, tuple(member.path for member, _by in gone), tuple(changed))
            if await self._members.are_still_there(members):
                return
        raise DiskFault("files of it are removed or moved away as they arrive")

    def has_arrived(self) -> bool:
        """Return whether some of its files are there; blocks."""
        try:
            published = self._disk.journal.published(self._entry.file).read().values()
        except DiskFault:
            return False
        return any(each.is_at(self._inbox.native_path(each.target)) for each in published)

    async def forget(self) -> None:
        """Remove what is left of it beside the files that were published."""
        try:
            await self._forget_members()
        finally:
            await self._disk.offload(self._manifest.remove_part)
            await self._disk.offload(self._forget_manifest)

    async def _forget_members(self) -> None:
        # An earlier run may have left some of it, and this one not have come that far.
        entry = await self._disk.call(self._disk.journal.get, self._entry.file) or self._entry
        members: list[Member] = []
        with suppress(OSError, BadManifest):
            listed = await self._disk.all(read_manifest(self._manifests.path(self._item.target)))
            members = await self._disk.all(_placed(listed, entry.target))
            await self._disk.each(self._members.forget, members)
        if entry.target is not None:
            folders = await self._disk.call(_folders, entry.target, members)
            await self._disk.each(self._inbox.remove_folders, folders)

    def _conclude(self, target: str) -> None:
        if target:
            wanted = self._entry.usual_target
            self.taken = (wanted,) if target != wanted else ()
        else:
            with suppress(DiskFault):
                published = self._disk.journal.published(self._entry.file).read().values()
                self.taken = tuple(each.wanted for each in published if each.target != each.wanted)
        self._forget_manifest()

    def _forget_manifest(self) -> None:
        self._disk.journal.published(self._entry.file).remove()
        self._attributes.forget()
        with suppress(OSError):
            os.unlink(self._manifests.path(self._item.target))

    def _choose_target(self, room: int) -> str:
        """
        Find a name for the folder once; whenever it goes on, it has the same. Blocks.

        Another one is found where something that is no folder has it by then.

        :param room: how many bytes it should have at most.
        """
        if self._entry.kind == "files":
            return ""
        target = self._known_target()
        if target is None or _is_no_folder(self._inbox.native_path(target)):
            target = self._inbox.make_folder(self._entry.usual_target, room)
            self._entry = attrs.evolve(self._entry, target=target)
            self._disk.journal.record(self._entry)
        return target

    def _known_target(self) -> str | None:
        """Return the name that an earlier run has chosen."""
        self._entry = self._disk.journal.get(self._entry.file) or self._entry
        return self._entry.target


def _is_no_folder(path: str) -> bool:
    return os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path))


class TakesTooMuch(Exception):
    """It takes more of the disk than a rule of this peer lets it; the text says so, for people."""


def _check_size(listed: Sequence[Member], entry: JournalEntry) -> None:
    """
    Check that what a manifest lists is no more than was promised, and than there is to be room for.

    :raises BadManifest: when it is more than was promised.
    :raises TakesTooMuch: when there is no such room.
    """
    if entry.most is not None and sum(member.size for member in listed) > entry.most:
        raise BadManifest("it is larger than its offer says")
    if entry.room is None:
        return
    takes = sum(max(member.size, _FILE_TAKES_BYTES) for member in listed)
    if takes > entry.room:
        raise TakesTooMuch(
            f"it takes {human_size(entry.room)} at most, and {count(len(listed), 'file')} take"
            f" {human_size(takes)} of the disk"
        )


def _check_depth(listed: Iterable[Member], entry: JournalEntry) -> None:
    """
    Check that what a manifest lists is not too deep for the folder in which it is to land.

    :raises BadName: when it is.
    """
    deepest = max(member.path.count("/") for member in listed)
    check_placed("/".join([entry.usual_target, *["_"] * (deepest + 1)]))


def _place(members: list[Member], target: str, numbers: Iterable[int]) -> None:
    """Give some members, by their numbers, the paths that they have in the inbox."""
    for number in numbers:
        [members[number]] = _placed([members[number]], target)


def _placed(members: Iterable[Member], target: str | None) -> Iterator[Member]:
    """Give members the paths that they have in the inbox."""
    above = f"{target}/" if target else ""
    for each in members:
        yield Member(each.file_id, each.size, above + each.path, each.attributes)


def _folders(target: str, members: Iterable[Member]) -> list[str]:
    """Name a folder and all those below it that its members are in, the deepest first."""
    folders = {target}
    for member in members:
        folder = member.path if member.is_folder else os.path.dirname(member.path)
        folders.update(accumulate(folder.split("/"), "{}/{}".format))
    return sorted(folders, reverse=True)
