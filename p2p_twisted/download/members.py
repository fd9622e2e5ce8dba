"""Download the files that a manifest lists: small ones many at a time, large ones singly."""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby, islice
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError

from p2p_twisted.download.change_check import ContentLost
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.file import FileDownload
from p2p_twisted.download.file_work import FileWork
from p2p_twisted.download.member_reporter import MemberReporter
from p2p_twisted.download.reporter import Reporter
from p2p_twisted.runtime.openat import listed_in, native
from p2p_twisted.runtime.tasks import together
from p2p_twisted.storage.manifests import Item
from p2p_twisted.storage.published import Published
from p2p_twisted.wire import limits
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName, FileId, PeerName

# Where nothing is there yet, a thread is mostly waited for in fewer.
_LOOKED_FOR_AT_ONCE: Final = 1_000
_LARGE_AT_ONCE: Final = 3
# What is missing may be thousands of files.
_CHANGES_ASKED: Final = 8
_HOLDERS_ASKED: Final = 3

Gone = Sequence[tuple[Member, PeerName | None]]
"""Files that no peer has any more, and who has other content under that name."""


class Members:
    """
    Files on their way into the inbox.

    What an earlier run has published is not read again.

    :param folder: the id of the manifest that lists them.
    :param hits: holders of some of them; a holder of the manifest has them all.
    """

    def __init__(
        self, context: DownloadContext, folder: FileId, hits: Iterable[Hit], reporter: Reporter
    ) -> None:
        self._context = context
        self._disk = context.disk
        self._inbox = context.disk.inbox
        self._record = context.disk.journal.published(folder)
        self._folder = folder
        self._hits = tuple(hits)
        self._reporter = reporter
        self._observers: set[MemberReporter] = set()
        self._here: set[FileId] = set()
        self._is_canceled = False
        self._target = ""

    async def run(self, members: Sequence[Member], target: str) -> Gone:
        """
        Download them.

        :param members: their paths are the targets that they are to become.
        :param target: of what lists them: what stands behind it, holders call them.
        :returns: what no peer shares any more, and which holder has changed it, if one has. Of
            large ones, others are waited for.
        :raises DiskFault: when something cannot be kept.
        """
        self._target = target
        missing = await self._look(members)
        large = [member for member in missing if member.size > limits.CHUNK_BYTES]
        small = [member for member in missing if member.size <= limits.CHUNK_BYTES]
        copies: dict[FileId, list[Member]] = {}
        for member in large:
            copies.setdefault(member.file_id, []).append(member)
        queue = deque(copies.values())
        gone: dict[FileId, PeerName | None] = {}
        works = [self._fetch_large(queue, gone) for _ in range(min(len(queue), _LARGE_AT_ONCE))]
        if small:
            works.append(self._fetch_small(small, gone))
        await together(works)
        return [(member, gone[member.file_id]) for member in missing if member.file_id in gone]

    async def are_all_here(self, members: Iterable[Member]) -> bool:
        """
        Return whether all of them are in the inbox already, and the empty folders.

        :raises DiskFault: when a folder cannot be flushed to the disk.
        """
        rest = iter(members)
        while some := list(islice(rest, _LOOKED_FOR_AT_ONCE)):
            if not await self._disk.call_while_wanted(self._is_each_here, some):
                return False
        return True

    async def are_still_there(self, members: Sequence[Member]) -> bool:
        """
        Return whether all that were published are where they were, as nobody has moved them.

        :raises DiskFault: when it is not known any more what was published.
        """
        published = await self._disk.call(self._record.read)
        unlisted = await self._disk.call_while_wanted(self._unlisted, members, published)
        for start in range(0, len(unlisted), _LOOKED_FOR_AT_ONCE):
            some = unlisted[start : start + _LOOKED_FOR_AT_ONCE]
            if await self._disk.call_while_wanted(self._absent, some, published):
                return False
        return True

    def _is_each_here(self, members: Iterable[Member], is_wanted: Callable[[], bool]) -> bool:
        find_same = self._inbox.find_same
        return all(
            self._inbox.exists(member.path)
            and (member.is_folder or find_same(member.path, member.file_id, member.size, is_wanted))
            for member in members
        )

    def forget(self, members: Iterable[Member]) -> None:
        """Remove what is left of members beside the files that were published; blocks."""
        for member in members:
            self._discard(member)

    # What is here

    async def _look(self, members: Sequence[Member]) -> list[Member]:
        """Find those that are not here yet; what is counts as received."""
        published = await self._disk.call(self._record.read)
        missing: list[Member] = []
        for start in range(0, len(members), _LOOKED_FOR_AT_ONCE):
            some = members[start : start + _LOOKED_FOR_AT_ONCE]
            absent = await self._disk.call_while_wanted(self._absent, some, published)
            missing += absent
            self._here |= await self._context.local.copies.among(
                [member.file_id for member in absent]
            )
            size = sum(member.size for member in some) - sum(member.size for member in absent)
            self._reporter.advanced(size)
        return missing

    def _absent(
        self,
        members: Sequence[Member],
        published: Mapping[str, Published],
        is_wanted: Callable[[], bool],
    ) -> list[Member]:
        absent: list[Member] = []
        for folder, group in groupby(members, key=_folder_of):
            # Of a folder that was just made, nothing need be looked for.
            is_bare = self._inbox.is_bare(folder)
            absent += [
                member
                for member in group
                if is_bare or not self._is_here(member, published, is_wanted)
            ]
        return absent

    def _unlisted(
        self,
        members: Sequence[Member],
        published: Mapping[str, Published],
        is_wanted: Callable[[], bool],
    ) -> Sequence[Member]:
        """
        Leave out those in folders that list all that was published there, each with its inode.

        To read a folder takes a quarter of the time that it takes to look at each of its files.
        """
        inodes = {native(each.target): each.inode for each in published.values()}
        counts = Counter(map(_folder_of, members))
        whole: set[str] = set()
        for folder, count in counts.items():
            if not is_wanted():
                break
            path = native(folder)
            above = f"{path}/" if path else ""
            # There may be far more in it, of others: then it is cheaper to look at each.
            listed = islice(listed_in(self._inbox.folder, path), 2 * count)
            if sum(inodes.get(above + name) == inode for name, inode in listed) == count:
                whole.add(folder)
        return [member for member in members if _folder_of(member) not in whole]

    def _is_here(
        self, member: Member, published: Mapping[str, Published], is_wanted: Callable[[], bool]
    ) -> bool:
        known = published.get(member.path)
        if known is not None and known.is_at(self._inbox.native_path(known.target)):
            return True
        is_here = self._inbox.find_same(member.path, member.file_id, member.size, is_wanted)
        # An earlier run may have been killed before it had removed the other name. What comes
        # whole has no use for what such a run had begun, and is perhaps saved without a part file.
        if is_here or (member.size <= limits.CHUNK_BYTES and self._is_begun(member)):
            self._discard(member)
        return is_here is not None

    def _is_begun(self, member: Member) -> bool:
        part = self._inbox.part_path(member.path, member.file_id)
        return os.path.lexists(self._inbox.native_path(part))

    def _discard(self, member: Member) -> None:
        path = self._inbox.path(self._inbox.part_path(member.path, member.file_id))
        # Another download may be going on with it.
        if not self._disk.locks.is_taken(path):
            self._inbox.discard(member.path, member.file_id)
            self._disk.journal.remove_digests(member.file_id)

    # Fetching

    async def _fetch_large(
        self, queue: deque[list[Member]], gone: dict[FileId, PeerName | None]
    ) -> None:
        while queue:
            # What is there several times is fetched once, and then found here.
            for member in queue.popleft():
                if self._is_canceled:
                    raise CancelledError
                try:
                    await self._fetch_one(member)
                except ContentLost as loss:
                    await self._disk.call(self._discard, member)
                    gone[member.file_id] = loss.changed_by
                    break

    async def _fetch_one(self, member: Member) -> None:
        observer = MemberReporter(self._reporter, self._observers)
        item = Item(member.file_id, member.size, member.path, member.attributes)
        hits = self._named(member, self._hits)
        try:
            download = FileDownload(self._context, self._inbox, item, hits, observer)
            target = await download.run()
        finally:
            observer.close()
        self._is_canceled |= download.is_canceled
        await self._disk.call(self._write_down, member.path, target)

    async def _fetch_small(
        self, members: Sequence[Member], gone: dict[FileId, PeerName | None]
    ) -> None:
        observer = MemberReporter(self._reporter, self._observers)
        work = FileWork(self._context, members, self._folder, self._hits, observer)
        try:
            gone.update(dict.fromkeys(await work.run(self._here)))
        finally:
            observer.close()
        lacking = islice((each for each in members if each.file_id in gone), _CHANGES_ASKED)
        await together([self._see_changed(each, work.holders, gone) for each in lacking])

    async def _see_changed(
        self, member: Member, hits: Iterable[Hit], gone: dict[FileId, PeerName | None]
    ) -> None:
        """Ask those that had a file whether they have other content now under its name."""
        network = self._context.peers.network
        for hit in self._named(member, hits)[:_HOLDERS_ASKED]:
            if await network.has_changed(hit, again=False):
                gone[member.file_id] = hit.peer
                return

    def _write_down(self, wanted: str, target: str) -> None:
        published = Published.at(wanted, target, self._inbox.native_path(target))
        if published is not None:
            self._record.add([published])

    def _named(self, member: Member, hits: Iterable[Hit]) -> list[Hit]:
        """Name the holders of a file, or of the folder that it is in, by its name there."""
        below = member.path.removeprefix(f"{self._target}/")
        holders = []
        for hit in hits:
            if hit.file in (member.file_id, self._folder):
                name = hit.name if hit.file == member.file_id else f"{hit.name}/{below}"
                of_file: dict[str, Any] = {
                    "size": member.size,
                    "kind": "file",
                    "file": member.file_id,
                }
                # Nobody can be asked for a path that is too long, or too deep: it has an id.
                with suppress(BadName):
                    holders.append(attrs.evolve(hit, name=name, **of_file))
        return holders


def _folder_of(member: Member) -> str:
    return member.path.rpartition("/")[0]
