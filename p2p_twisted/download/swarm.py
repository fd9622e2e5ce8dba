"""Have several holders deliver one file at once, and find others while they do."""

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.deliveries import Deliveries
from p2p_twisted.download.in_progress import FileInProgress
from p2p_twisted.download.progress import Waiting
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.picker.holder_queue import HolderQueue
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.content import WORTH_SHARING_BYTES
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.manifests import Item
from p2p_twisted.storage.partial import PartialContent, PartialSource
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

_FIRST_WAIT_SECONDS: Final = 1.0
_FIRST_FIND_SECONDS: Final = 0.5
_TICK_SECONDS: Final = 0.2

T = TypeVar("T")


class Swarm:
    """
    Finds those who deliver one file, while it is incomplete.

    Up to eight holders deliver at once, and count as one download. Everybody is asked
    for others when they have all failed, in growing intervals, and while they deliver,
    too, for as long as there are fewer than a file of that size is worth.
    """

    log = Logger()

    def __init__(
        self,
        context: DownloadContext,
        item: Item,
        assembly: FileInProgress,
        observer: DownloadObserver,
    ) -> None:
        self._context = context
        self._item = item
        self._assembly = assembly
        self._observer = observer
        self._offers = HolderQueue(item.file_id, context.peers.tickets.may_ask)
        self._deliveries = Deliveries(context.clock, assembly, observer)
        self._running: dict[PeerName, Deferred[Any]] = {}
        self._fault: DiskFault | None = None
        self._awaited: Deferred[Any] | None = None
        self._event: Deferred[None] | None = None
        self._is_given_up = False
        self._finds = 0
        self._find_at = 0.0
        self._find_after = 0.0
        self._is_finding = False

    # What the fetch calls

    async def run(self, hits: Iterable[Hit]) -> None:
        """
        Have holders deliver until all is there, however long that takes.

        :param hits: whom to ask first.
        :raises DiskFault: when it cannot be kept.
        :raises CancelledError: when it was given up.
        """
        self._observer.seeking()
        self._offers.add(hits)
        self._context.local.partials.add(self._item.file_id, self)
        try:
            await self._gather()
        finally:
            self._context.local.partials.remove(self._item.file_id, self)

    def give_up(self) -> None:
        """Stop as soon as possible."""
        self._is_given_up = True
        if self._awaited is not None:
            self._awaited.cancel()

    # What others ask: see Partial

    def hit(self, me: PeerName) -> Hit | None:
        """Tell that there will be some of it, once it is known what it is."""
        growing = self._assembly.growing
        if growing is None:
            return None
        name = self._item.target.rpartition("/")[2]
        return Hit(me, name, growing.content.size, file=self._item.file_id, partial=True)

    def open(self) -> tuple[PartialSource, PartialContent] | tuple[None, None]:
        """Open what there is of it, for one push."""
        source, growing = self._assembly.open_source(), self._assembly.growing
        return (source, growing) if source is not None and growing is not None else (None, None)

    def heard_of(self, peer: PeerName, route: tuple[PeerName, ...]) -> None:
        """Take note of somebody who downloads it, too."""
        growing = self._assembly.growing
        if growing is not None and peer not in self._running:
            size, name = growing.content.size, self._item.target.rpartition("/")[2]
            hit = Hit(peer, name, size, file=self._item.file_id, route=route, partial=True)
            self._offers.add([hit])
            self._go_on()

    # One turn after the other

    async def _gather(self) -> None:
        clock, wait = self._context.clock, 0.0
        while True:
            before = self._assembly.received
            if self._offers.has_any:
                await self._deliver_in_turn()
            if self._assembly.is_complete:
                return
            if self._assembly.received > before:
                wait = 0.0
            self._nobody_delivers()
            await self._interruptible(deferLater(clock, wait))
            wait = min(max(_FIRST_WAIT_SECONDS, 2 * wait), limits.SEEK_AGAIN_SECONDS)
            found = await self._interruptible(self._find())
            self._offers.add(found)

    async def _deliver_in_turn(self) -> None:
        """Deliver when it is this download's turn."""
        clock, slots = self._context.clock, self._context.bandwidth.slots
        queued = clock.seconds()
        await self._interruptible(slots.acquire())
        # To wait for one's turn is not to wait for a holder.
        self._deliveries.idle_since += clock.seconds() - queued
        self._find_at = clock.seconds() + _FIRST_FIND_SECONDS
        self._find_after = _FIRST_WAIT_SECONDS
        ticking = LoopingCall(self._tick)
        ticking.clock = clock
        background(self.log, "watching deliveries", ticking.start(_TICK_SECONDS, now=False))
        try:
            await self._deliver()
        finally:
            ticking.stop()
            self._deliveries.ask_all()
            for asking in list(self._running.values()):
                asking.cancel()
            slots.release()

    async def _deliver(self) -> None:
        """Have holders deliver until all is there, or none of them is left."""
        self._ask_more_holders()
        while self._running and not (self._assembly.is_complete or self._fault):
            self._event = Deferred()
            await self._interruptible(self._event)
            self._ask_more_holders()
        if self._fault is not None:
            raise self._fault

    # Holders

    def _ask_more_holders(self) -> None:
        while self._has_room:
            # Who has a part of it is of use where nobody may be asked for everything.
            hit = self._offers.take(self._running, self._deliveries.has_whole)
            if hit is None or self._assembly.is_complete:
                return
            asking = Deferred.fromCoroutine(self._ask_holder(hit))
            self._running[hit.peer] = asking
            asking.addCallback(self._holder_ended, hit)
            background(self.log, "asking a holder", asking)

    @property
    def _has_room(self) -> bool:
        """Whether one more holder would be of use: a small file is not worth the connections."""
        useful = 1 + (self._assembly.size or 0) // WORTH_SHARING_BYTES
        return len(self._running) < min(useful, self._context.bandwidth.limits.holders)

    async def _ask_holder(self, hit: Hit) -> str:
        requests, size = self._context.peers.tickets, self._size_of(hit)
        try:
            return await requests.ask(hit, self._item.file_id, size, self._deliveries)
        except CancelledError:
            return "it is not needed any more"
        except DiskFault as fault:
            self._fault = fault
            return str(fault)

    def _size_of(self, hit: Hit) -> int | None:
        """Tell which size to expect of a holder: the proven one, or what it says itself."""
        if self._assembly.plan is not None:
            return self._assembly.plan.size
        return None if self._item.size is None else hit.size

    def _holder_ended(self, reason: str, hit: Hit) -> None:
        self.log.debug(
            "{name} from {holder}: {reason}", name=hit.name, holder=hit.peer, reason=reason
        )
        del self._running[hit.peer]
        if self._deliveries.left(hit.peer):
            # It is to be replaced soon.
            self._find_at = min(self._find_at, self._context.clock.seconds() + _FIRST_FIND_SECONDS)
        self._go_on()

    def _go_on(self) -> None:
        """Let other holders be asked for what one has left, and see what is to be done."""
        self._deliveries.ask_all()
        if self._event is not None and not self._event.called:
            self._event.callback(None)

    # While they deliver

    def _tick(self) -> None:
        now = self._context.clock.seconds()
        if self._deliveries.look_after():
            self._find_at = now
            self._go_on()
        stalled = self._deliveries.stalled
        for holder in stalled:
            if self._offers.has_any:
                # Somebody else can have its place.
                self._running[holder].cancel()
        if now >= self._find_at:
            self._find_at = now + self._find_after
            self._find_after = min(2 * self._find_after, limits.SEEK_AGAIN_SECONDS)
            plan = self._assembly.plan
            if plan is None or not plan.is_any_pending:
                self._nobody_delivers()
            if (self._has_room or stalled) and not self._is_finding:
                background(self.log, "looking for more holders", self._find_more())
        self._ask_more_holders()

    async def _find_more(self) -> None:
        self._is_finding = True
        self._offers.add(await self._find())
        self._is_finding = False
        self._go_on()

    def _find(self) -> "Deferred[tuple[Hit, ...]]":
        """Ask who has it: near by first, and once everybody; then ever again, at little cost."""
        self._finds += 1
        return self._context.peers.network.find(self._item.file_id, again=self._finds > 1)

    def _nobody_delivers(self) -> None:
        if self._context.clock.seconds() - self._deliveries.idle_since >= limits.NOBODY_SECONDS:
            self._observer.become(Waiting())
        else:
            self._observer.seeking()

    async def _interruptible(self, event: "Deferred[T]") -> T:
        """Wait for something, unless it is given up."""
        self._awaited = event
        if self._is_given_up:
            event.cancel()
        try:
            return await event
        finally:
            self._awaited = None
