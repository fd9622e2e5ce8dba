"""One file being put together: what of it is there, and what is missing."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import islice
from random import Random
from typing import Any, Final, TypeVar

from twisted.internet.defer import CancelledError, DeferredLock

from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.progress import Checking, Copying, Saving
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.picker.chunk_picker import ChunkPicker
from p2p_twisted.storage.content import WORTH_SHARING_BYTES, Content, WrongContent
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.manifests import Item
from p2p_twisted.storage.part_file import PartFile
from p2p_twisted.storage.partial import PartialContent, PartialSource
from p2p_twisted.wire.chunks import chunk_length
from p2p_twisted.wire.source import Source

_CHECKED_AT_ONCE: Final = 64

T = TypeVar("T")


class FileInProgress:
    """
    The part file of one item, and the plan for the rest, once its digests are known.

    :ivar plan: which chunks are there; ``None`` until the digests are.
    :ivar growing: what others are served from, if it is worth that.
    """

    def __init__(
        self, context: DownloadContext, inbox: Inbox, item: Item, observer: DownloadObserver
    ) -> None:
        self.plan: ChunkPicker | None = None
        self.growing: PartialContent | None = None
        self._context = context
        self._inbox = inbox
        self._item = item
        self._observer = observer
        self._part: PartFile | None = None
        self._opening = DeferredLock()
        self._is_given_up = False

    @property
    def is_complete(self) -> bool:
        """Whether every byte is there."""
        return self.plan is not None and self.plan.is_complete

    @property
    def received(self) -> int:
        """How many bytes are there."""
        return self.plan.received if self.plan is not None else 0

    @property
    def size(self) -> int | None:
        """The size of the whole: the proven one, or what its holders say."""
        return self._item.size if self.plan is None else self.plan.size

    async def find_same(self) -> str | None:
        """Look for what is there already, under a name that it could have been given."""
        item = self._item
        return await self._offload(self._inbox.find_same, item.target, item.file_id, item.size)

    async def resume(self) -> None:
        """
        Go on with what an earlier run has left.

        :raises DiskFault: when it cannot be.
        :raises CancelledError: when it was given up, here and below.
        """
        content = await self._offload(self._known_content)
        if content is None:
            return
        await self.open(content)
        part = self._part
        if part is None or not part.chunks_held:
            return
        self._observer.become(Checking())
        await self._take_in(range(part.chunks_held), part.verified)

    async def copy(self, source: Source) -> None:
        """Take what is missing from content that stands here, as far as that is right."""
        if source.fd is None:
            return
        with suppress(WrongContent):
            content = Content(source.file_id, source.size, source.digests)
            plan = await self.open(content)
            part = self._part
            assert part is not None
            self._observer.become(Copying())
            if not part.chunks_held and await self._offload(part.clone, source.fd):
                await self._take_in(range(content.chunks), part.verified)
            missing = [index for index in range(content.chunks) if not plan.is_verified(index)]
            await self._take_in(missing, partial(part.copied, source.fd))

    async def open(self, content: Content) -> ChunkPicker:
        """
        Get ready for chunks, now that the digests are known.

        :raises DiskFault: when there is no room for them.
        """
        async with self._opening:
            if self._is_given_up:
                raise CancelledError()
            if self._part is None:
                self._part = await self._context.disk.offload(self._open_part, content)
                self.plan = ChunkPicker(content.size, Random(self._context.rng.getrandbits(64)))
                if content.size > WORTH_SHARING_BYTES:
                    held = self.plan.ranges_verified
                    self.growing = PartialContent(self._context.clock, content, held)
                if self._item.size is not None:
                    self._observer.resized(content.size - self._item.size)
            assert self.plan is not None
            return self.plan

    def keep(self, index: int, chunk: memoryview) -> None:
        """
        Verify a chunk, and write it down.

        :raises WrongContent: when these are not its bytes.
        :raises DiskFault: when they cannot be kept.
        """
        assert self._part is not None
        self._part.write(index, chunk)
        self._verified(index)

    def open_source(self) -> PartialSource | None:
        """Open what is there, for one push."""
        if self.growing is None or self._part is None:
            return None
        return PartialSource(self.growing, self._part.duplicate())

    async def save(self) -> str:
        """
        Publish it.

        :returns: the target that it was published as.
        :raises DiskFault: when that cannot be done.
        """
        assert self._part is not None
        self._observer.become(Saving())
        # Not interruptible: either it is saved, or it is not.
        target = await self._context.disk.offload(self._publish, self._part)
        if self.growing is not None:
            self.growing.saved(self._part.modified)
        return target

    def give_up(self) -> None:
        """Do nothing more than what is being done."""
        self._is_given_up = True

    async def close(self) -> None:
        """Let go of the part file."""
        # Somebody may still be opening it.
        async with self._opening:
            self._is_given_up = True
            if self.growing is not None:
                self.growing.lost()
            if self._part is not None:
                self._part.close()
            # The digests of a large file have megabytes, and ended downloads are remembered.
            self._part = self.plan = self.growing = None

    def forget(self) -> None:
        """Remove what is left of it beside the file that was published; blocks."""
        self._inbox.discard(self._item.target, self._item.file_id)
        self._context.disk.journal.remove_digests(self._item.file_id)

    async def _take_in(
        self, indexes: Iterable[int], take: Callable[[list[int]], list[int]]
    ) -> None:
        """Count chunks as received that turn out to be here, and right."""
        rest = iter(indexes)
        while some := list(islice(rest, _CHECKED_AT_ONCE)):
            for index in await self._offload(take, some):
                assert self.plan is not None
                self._verified(index)
                self._observer.advanced(chunk_length(self.plan.size, index))

    def _verified(self, index: int) -> None:
        assert self.plan is not None
        self.plan.verified(index)
        if self.growing is not None:
            self.growing.verified(index)

    def _publish(self, part: PartFile) -> str:
        folder, slash, _name = self._item.target.rpartition("/")
        target = folder + slash + part.publish()
        self._inbox.published([(target, part.content)])
        return target

    def _known_content(self) -> Content | None:
        item = self._item
        if item.size == 0:
            try:
                return Content(item.file_id, 0, b"")
            except WrongContent:
                return None
        return self._context.disk.journal.content(item.file_id)

    def _open_part(self, content: Content) -> PartFile:
        # A single chunk is there or not: there is nothing to go on with.
        if content.chunks > 1:
            self._context.disk.journal.record_digests(content)
        return self._inbox.open_part(self._item.target, content)

    async def _offload(self, function: Callable[..., T], *args: Any) -> T:
        """Work with the disk; that cannot be interrupted, but what comes after it can."""
        result = await self._context.disk.offload(function, *args)
        if self._is_given_up:
            raise CancelledError()
        return result
