"""Get one file from whoever delivers it, for as long as it is wanted."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeVar

from twisted.internet.defer import (
    CancelledError,
    Deferred,
    DeferredLock,
)
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.transfer.content import Content, WrongContent
from p2p_twisted.transfer.inbox import Inbox
from p2p_twisted.transfer.means import Item, Means
from p2p_twisted.transfer.part import Part
from p2p_twisted.transfer.plan import Plan
from p2p_twisted.transfer.progress import Checking, Saving, Waiting
from p2p_twisted.transfer.report import Report
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

_CHECKED_AT_ONCE: Final = 64
_FIRST_WAIT_SECONDS: Final = 1.0

T = TypeVar("T")


class Fetch:
    """
    Fetch one file: see what is there, ask one holder after another, save it.

    :param hits: who has it; when they have all been tried, everybody is asked.
    """

    log = Logger()

    def __init__(
        self, means: Means, inbox: Inbox, item: Item, hits: Iterable[Hit], report: Report
    ) -> None:
        self._means = means
        self._inbox = inbox
        self._item = item
        self._hits = tuple(hits)
        self._report = report
        self._plan: Plan | None = None
        self._part: Part | None = None
        self._opening = DeferredLock()
        self._is_given_up = False
        self._awaited: Deferred[Any] | None = None
        self._idle_since = means.clock.seconds()

    # What whoever runs it calls

    async def run(self) -> str:
        """
        Fetch it.

        :returns: the target that it was published as, or was found at.
        :raises DiskFault: when it cannot be kept.
        :raises CancelledError: when it was given up.
        """
        item = self._item
        try:
            target = await self._offload(self._inbox.find_same, item.target, item.file, item.size)
            if target is not None:
                self._report.advanced(item.size or 0)
            else:
                await self._resume()
                if not self._is_complete:
                    await self._seek()
                target = await self._save()
            await self._means.offload(self.forget)
            return target
        finally:
            await self._close()

    def give_up(self) -> None:
        """Stop as soon as possible; what has arrived stays."""
        self._is_given_up = True
        if self._awaited is not None:
            self._awaited.cancel()

    def forget(self) -> None:
        """Remove what is left of it beside the file that was published; blocks."""
        self._inbox.discard(self._item.target, self._item.file)
        self._means.wants.remove_digests(self._item.file)

    # What deliveries call

    def begin(self, holder: PeerName, content: Content) -> "Deferred[Plan]":
        """Get ready for chunks: see :class:`~p2p_twisted.transfer.receiving.Taker`."""
        self._report.receiving(holder)
        return Deferred.fromCoroutine(self._open(content))

    def take(self, holder: PeerName, index: int, chunk: memoryview) -> None:
        """Verify and keep a chunk: see :class:`~p2p_twisted.transfer.receiving.Taker`."""
        assert self._part is not None
        assert self._plan is not None
        self._part.write(index, chunk)
        self._plan.verified(index)
        self._idle_since = self._means.clock.seconds()
        self._report.advanced(len(chunk), is_new=True)

    # How it works

    @property
    def _is_complete(self) -> bool:
        return self._plan is not None and self._plan.is_complete

    async def _resume(self) -> None:
        """Go on with what an earlier run has left."""
        content = await self._offload(self._known_content)
        if content is None:
            return
        plan = await self._open(content)
        part = self._part
        if part is None or not part.chunks_held:
            return
        self._report.become(Checking())
        indexes = iter(range(part.chunks_held))
        while some := list(islice(indexes, _CHECKED_AT_ONCE)):
            for index in await self._offload(part.verified, some):
                plan.verified(index)
                self._report.advanced(content.length(index))

    def _known_content(self) -> Content | None:
        item = self._item
        if item.size == 0:
            try:
                return Content(item.file, 0, b"")
            except WrongContent:
                return None
        return self._means.wants.content(item.file)

    async def _open(self, content: Content) -> Plan:
        async with self._opening:
            if self._is_given_up:
                raise CancelledError()
            if self._part is None:
                self._part = await self._means.offload(self._open_part, content)
                self._plan = Plan(content.size)
                if self._item.size is not None:
                    self._report.resized(content.size - self._item.size)
            assert self._plan is not None
            return self._plan

    def _open_part(self, content: Content) -> Part:
        # A single chunk is there or not: there is nothing to go on with.
        if content.chunks > 1:
            self._means.wants.put_digests(content)
        return self._inbox.open_part(self._item.target, content)

    async def _seek(self) -> None:
        """Ask one holder after another, then everybody, until all is there."""
        self._report.seeking()
        wait, hits = 0.0, self._hits
        while True:
            for hit in self._worth_asking(hits):
                if await self._ask(hit):
                    wait = 0.0
                if self._is_complete:
                    return
            self._nobody_left()
            await self._interruptible(deferLater(self._means.clock, wait))
            wait = min(max(_FIRST_WAIT_SECONDS, 2 * wait), limits.SEEK_AGAIN_SECONDS)
            hits = await self._interruptible(self._means.network.find(self._item.file))

    def _worth_asking(self, hits: Iterable[Hit]) -> Iterator[Hit]:
        # Lazily: one may turn out to be a liar while the others are asked.
        for hit in hits:
            if hit.file == self._item.file and self._means.requests.may_ask(hit):
                yield hit

    async def _ask(self, hit: Hit) -> bool:
        """Let a holder deliver; tell whether anything came of it."""
        means, clock = self._means, self._means.clock
        queued = clock.seconds()
        await self._interruptible(means.slots.acquire())
        # To wait for one's turn is not to wait for a holder.
        self._idle_since += clock.seconds() - queued
        before = self._received
        try:
            asked = means.requests.ask(hit, self._item.file, self._size_of(hit), self)
            reason = await self._interruptible(Deferred.fromCoroutine(asked))
        finally:
            means.slots.release()
            if self._plan is not None:
                self._plan.release(hit.peer)
        self.log.debug(
            "{name} from {holder}: {reason}", name=hit.name, holder=hit.peer, reason=reason
        )
        return self._received > before

    def _size_of(self, hit: Hit) -> int | None:
        """Tell which size to expect of a holder: the proven one, or what it says itself."""
        if self._plan is not None:
            return self._plan.size
        return None if self._item.size is None else hit.size

    @property
    def _received(self) -> int:
        return self._plan.received if self._plan is not None else 0

    def _nobody_left(self) -> None:
        if self._means.clock.seconds() - self._idle_since >= limits.NOBODY_SECONDS:
            self._report.become(Waiting())
        else:
            self._report.seeking()

    async def _save(self) -> str:
        assert self._part is not None
        self._report.become(Saving())
        # Not interruptible: either it is saved, or it is not.
        name = await self._means.offload(self._part.publish)
        folder, slash, _name = self._item.target.rpartition("/")
        return folder + slash + name

    async def _close(self) -> None:
        # Somebody may still be opening it.
        async with self._opening:
            self._is_given_up = True
            if self._part is not None:
                self._part.close()
            # The digests of a large file have megabytes, and ended downloads are remembered.
            self._part = self._plan = None

    async def _offload(self, function: Callable[..., T], *args: Any) -> T:
        """Work with the disk; that cannot be interrupted, but what comes after it can."""
        result = await self._means.offload(function, *args)
        if self._is_given_up:
            raise CancelledError()
        return result

    async def _interruptible(self, event: "Deferred[T]") -> T:
        """Wait for something, unless it is given up."""
        self._awaited = event
        if self._is_given_up:
            event.cancel()
        try:
            return await event
        finally:
            self._awaited = None
