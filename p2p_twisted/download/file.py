"""Download one file, from what is here of it already to its final name."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Final

from twisted.internet.defer import CancelledError

from p2p_twisted.download.chunk_work import ChunkWork
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.in_progress import FileInProgress
from p2p_twisted.download.local_copies import opened
from p2p_twisted.download.progress import Checking, Copying, Saving
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.runtime.tasks import uninterrupted
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.displaced import bring_home
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.manifests import Item
from p2p_twisted.storage.part_file import PartFile
from p2p_twisted.wire.messages import Hit

_CHECKED_AT_ONCE: Final = 64


class FileDownload:
    """
    Downloads one file.

    :param inbox: where it lands.
    :param hits: the holders that are known; all peers are asked for others.
    :ivar is_canceled: whether it was canceled too late for itself, but not for what is to
        come after it.
    :ivar taken: the name that it should have, where another file has it.
    :ivar was_here: never ``True``: what a person asks for is looked for before.
    """

    is_canceled = False
    was_here = False
    taken: tuple[str, ...] = ()

    def __init__(
        self,
        context: DownloadContext,
        inbox: Inbox,
        item: Item,
        hits: Iterable[Hit],
        observer: DownloadObserver,
    ) -> None:
        self._context = context
        self._disk = context.disk
        self._inbox = inbox
        self._item = item
        self._hits = tuple(hits)
        self._observer = observer
        self._path = inbox.path(inbox.part_path(item.target, item.file_id))

    async def run(self) -> str:
        """
        Download it; where another download of this peer does so already, that comes first.

        :returns: the target that it was published as, or was found at.
        :raises DiskFault: when it cannot be kept.
        """
        await self._disk.locks.acquire(self._path)
        try:
            target, known = await self._disk.call_while_wanted(self._look)
            if target is None:
                target = await self._fetch(known)
            else:
                self._observer.advanced(self._item.size or 0)
                await self._disk.call(self._remove_part)
        finally:
            self._disk.locks.release(self._path)
        self.taken = (self._item.target,) if target != self._item.target else ()
        return target

    async def forget(self) -> None:
        """Remove what is left of it, unless another download goes on with that."""
        await self._disk.offload(self.remove_part)

    def has_arrived(self) -> bool:
        """Return whether some of it is there; blocks."""
        inbox, item = self._inbox, self._item
        try:
            part = inbox.native_path(inbox.part_path(item.target, item.file_id))
            return os.path.getsize(part) > 0
        except OSError:
            return False

    def remove_part(self) -> None:
        """Do what :meth:`forget` does; blocks."""
        if not self._disk.locks.is_taken(self._path):
            self._remove_part()

    # From top to bottom

    def _look(self, is_wanted: Callable[[], bool]) -> tuple[str | None, Content | None]:
        """
        Look for what is there already, under a name that it could have been given; blocks.

        :returns: its target; otherwise the digests that are known of it.
        """
        item = self._item
        target = self._inbox.find_same(item.target, item.file_id, item.size, is_wanted)
        return target, None if target is not None else self._known_content()

    async def _fetch(self, known: Content | None) -> str:
        work = ChunkWork(self._context, self._inbox, self._item, self._observer)
        try:
            if known is not None:
                await self._resume(work, known)
            if not work.is_complete:
                await self._copy(work)
            if not work.is_complete:
                await work.swarm.run(self._hits)
            await self._bring_home(work.opened)
            await self._check_again(work.opened.part)
            return await self._publish(work.opened)
        finally:
            await work.close()

    async def _resume(self, work: ChunkWork, content: Content) -> None:
        """Go on with what an earlier run has left."""
        file = await work.open(content)
        if not file.part.is_new:
            self._observer.become(Checking())
            held = file.missing(range(file.part.chunks_held))
            await self._take_in(file, held, partial(file.part.verified, self._disk.parallel_map))

    async def _copy(self, work: ChunkWork) -> None:
        """Copy what is right of another file of this peer, if one has that content."""
        async with opened(self._context.local.copies, self._item.file_id) as source:
            if source is None or source.fd is None:
                return
            with suppress(WrongContent):
                file = await work.open(Content(source.file_id, source.size, source.digests))
                part, chunks = file.part, range(file.content.chunks)
                self._observer.become(Copying())
                if part.is_new and await self._disk.call(part.clone, source.fd):
                    verified = partial(part.verified, self._disk.parallel_map)
                    await self._take_in(file, file.missing(chunks), verified)
                await self._take_in(file, file.missing(chunks), partial(part.copied, source.fd))

    async def _bring_home(self, file: FileInProgress) -> None:
        """
        Go on where the inbox is now, if somebody has moved or removed its folder meanwhile.

        :raises DiskFault: when what was removed cannot be read any more.
        """
        made: list[PartFile | None] = []
        # What was removed is still there for who has it open.
        removed = file.part.duplicate()
        try:
            homing = self._disk.offload(bring_home, self._inbox, self._item.target, file.part)
            await uninterrupted(homing.addCallback(made.append))
            [part] = made
            if part is not None:
                await self._copy_removed(removed, part)
                file.replace_part(part)
                made.clear()
        finally:
            os.close(removed)
            for unused in filter(None, made):
                unused.close()

    async def _copy_removed(self, removed: int, part: PartFile) -> None:
        chunks = iter(range(part.content.chunks))
        while some := list(islice(chunks, _CHECKED_AT_ONCE)):
            if await self._disk.call(part.copied, removed, some) != some:
                raise DiskFault("what had arrived of it was removed", is_kept=False)

    async def _check_again(self, part: PartFile) -> None:
        """
        Verify once more what another program may have written to since.

        :raises DiskFault: when it is not right any more; what is, is kept.
        """
        if not part.foreign_writes.have_come:
            return
        self._observer.become(Checking())
        verified = partial(part.verified, self._disk.parallel_map)
        chunks = iter(range(part.content.chunks))
        while some := list(islice(chunks, _CHECKED_AT_ONCE)):
            if await self._disk.call(verified, some) != some:
                raise DiskFault("the part file was changed by another program: ask again")

    async def _publish(self, file: FileInProgress) -> str:
        """
        Publish it.

        :returns: the target that it was published as.
        """
        self._observer.become(Saving())
        targets: list[str] = []
        publishing = self._disk.offload(self._publish_part, file.part).addCallback(targets.append)
        try:
            await uninterrupted(publishing)
        except CancelledError:
            # It is saved: to cancel it now is too late.
            self.is_canceled = True
        file.saved()
        self._context.local.seeds.published(self._item.file_id)
        return targets[0]

    # How it works

    async def _take_in(
        self,
        file: FileInProgress,
        indexes: Iterable[int],
        take: Callable[[list[int]], list[int]],
    ) -> None:
        """Count chunks as received that turn out to be here, and right."""
        rest = iter(indexes)
        while some := list(islice(rest, _CHECKED_AT_ONCE)):
            file.found(await self._disk.call(take, some))

    def _known_content(self) -> Content | None:
        item = self._item
        if item.size == 0:
            with suppress(WrongContent):
                return Content(item.file_id, 0, b"")
            return None
        return self._disk.journal.content(item.file_id)

    def _publish_part(self, part: PartFile) -> str:
        folder, slash, _name = self._item.target.rpartition("/")
        target = folder + slash + part.publish(self._item.attributes)
        self._inbox.published([(target, part.content.file_id, part.content.digests, None)])
        self._remove_part()
        return target

    def _remove_part(self) -> None:
        self._inbox.discard(self._item.target, self._item.file_id)
        self._disk.journal.remove_digests(self._item.file_id)
