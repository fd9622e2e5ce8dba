"""Have several holders deliver something at once, and find others while it is incomplete."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.download.change_check import ChangeCheck, ContentLost
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.progress import Seeking, Waiting
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.download.swarm_work import SwarmWork
from p2p_twisted.picker.holder_queue import HolderQueue
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

_FIRST_WAIT_SECONDS: Final = 1.0
_FIRST_FIND_SECONDS: Final = 0.5
_TICK_SECONDS: Final = 0.2
# What is over sooner, or comes faster, needs no more holders than it has: they would only cost.
_LONG_SECONDS: Final = 2.0
_FAST_BYTES_PER_SECOND: Final = 64 * MIB
_LOOK_AGAIN_SECONDS: Final = 1.0


class Swarm:
    """
    The holders that deliver some work, and those that could.

    All peers are asked for holders when those known have failed, in growing intervals.
    """

    log = Logger()

    def __init__(
        self, context: DownloadContext, work: SwarmWork, observer: DownloadObserver
    ) -> None:
        self._context = context
        self._clock = context.clock
        self._work = work
        self._observer = observer
        tickets = context.peers.tickets
        # Those that were found, and those that ask this peer for the same.
        self._found, self._asking = (
            HolderQueue(work.file_ids, tickets.may_ask_now, tickets.is_doubtful) for _ in range(2)
        )
        self._changes = ChangeCheck(context.peers.network, tickets.is_gone)
        # The holders that were heard of last.
        self._known: tuple[Hit, ...] = ()
        self._running: dict[PeerName, Deferred[Any]] = {}
        self._snubbed: frozenset[PeerName] = frozenset()
        self._fault: Exception | None = None
        self._changed: Deferred[None] = Deferred()
        self._received = 0
        # How much had come when holders were looked for last.
        self._looked_at = 0
        # When something new came last.
        self._idle_since = 0.0
        self._find_at = 0.0
        self._find_after = 0.0
        self._is_finding = False
        # When holders began to deliver, and how much was there then.
        self._began = 0.0
        self._had = 0

    async def run(self, hits: Iterable[Hit]) -> None:
        """
        Have holders deliver until all is there, however long that takes.

        :param hits: the holders to ask first.
        :raises DiskFault: when what comes cannot be kept.
        :raises ContentLost: when nobody has one file any more, as its holder says.
        """
        self._know(hits)
        self._observer.seeking()
        self._looked_at = self._received = self._work.received
        self._idle_since = self._clock.seconds()
        wait = 0.0
        while True:
            before = self._work.received
            if self._work.is_one_file and self._has_more:
                async with self._slot():
                    await self._deliver()
            else:
                await self._deliver()
            if self._work.is_complete:
                return
            if self._work.received > before:
                wait = 0.0
            self._no_holder_delivers()
            await self._pause(wait)
            wait = min(max(_FIRST_WAIT_SECONDS, 2 * wait), limits.SEEK_AGAIN_SECONDS)
            await self._look()

    def heard(self, hit: Hit) -> None:
        """Remember a peer that downloads the same, and asks this one: to be asked in return."""
        # A moment later: it has only begun, and nobody is served before a file is opened.
        if hit.peer not in self._running:
            self._asking.add([hit])

    def go_on(self) -> None:
        """See what there is to do now that something has changed."""
        self._work.ask_all()
        if not self._changed.called:
            self._changed.callback(None)

    def fail(self, fault: Exception) -> None:
        """End it with a fault that no holder is to blame for."""
        self._fault = fault
        self.go_on()

    # Holders

    async def _deliver(self) -> None:
        """Have holders deliver until all is there, or none of them is left."""
        self._began, self._had = self._clock.seconds(), self._work.received
        self._find_at = self._clock.seconds() + _FIRST_FIND_SECONDS
        self._find_after = _FIRST_WAIT_SECONDS
        ticking = LoopingCall(self._tick)
        ticking.clock = self._clock
        background(self.log, "watching deliveries", ticking.start(_TICK_SECONDS, now=False))
        try:
            self._ask_more_holders()
            while self._running and not (self._work.is_complete or self._fault):
                self._changed = Deferred()
                await self._changed
                self._ask_more_holders()
            await self._work.settle()
            if self._fault is not None:
                raise self._fault
        finally:
            ticking.stop()
            self._work.ask_all()
            for asking in list(self._running.values()):
                asking.cancel()

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Wait for one of the slots that all downloads share."""
        slots, queued = self._context.slots, self._clock.seconds()
        if not (slots.has_room(self._work.file_id) or self._running):
            self._observer.queued()
        await slots.acquire(self._work.file_id)
        try:
            # Where the only holder has gone, hundreds end as soon as they have one.
            await self._context.few_per_turn.passed()
            if not self._running:
                self._observer.seeking(self._obstacles())
            # To wait for a slot is not to wait for a holder.
            self._idle_since += self._clock.seconds() - queued
            yield
        finally:
            slots.release()

    def _ask_more_holders(self) -> None:
        while not (self._fault or self._work.is_complete):
            hit = self._next_holder()
            if hit is None:
                return
            self._changes.asked(hit)
            asking = Deferred.fromCoroutine(self._ask_holder(hit))
            self._running[hit.peer] = asking
            asking.addCallback(self._holder_ended, hit)
            background(self.log, "asking a holder", asking)

    def _next_holder(self) -> Hit | None:
        # All find those who were there first: so that who came last does not send to nobody, it
        # is asked in return by whom it asks, also where that one has found enough already.
        room, whole_only = self._work.room - self._answering, self._work.has_whole
        # A holder of a part is of use where none may be asked for everything.
        hit = self._found.take(self._running, whole_only) if room > 0 else None
        if hit is None and room + (self._work.room_in_return if self._is_slow else 0) > 0:
            hit = self._asking.take(self._running, whole_only)
        return hit

    @property
    def _has_more(self) -> bool:
        """Whether there are holders that were not asked yet."""
        return self._found.has_any or self._asking.has_any

    @property
    def _is_slow(self) -> bool:
        """Whether it takes long enough for more holders to be of use."""
        seconds, has_come = self._clock.seconds() - self._began, self._work.received - self._had
        return seconds > _LONG_SECONDS and has_come < _FAST_BYTES_PER_SECOND * seconds

    @property
    def _answering(self) -> int:
        """How many holders count: of one file, those that do not answer keep no others waiting."""
        silent = self._context.peers.tickets.silent() if self._work.is_one_file else ()
        return len(self._running.keys() - silent)

    async def _ask_holder(self, hit: Hit) -> bool:
        try:
            if self._work.is_one_file:
                return await self._work.ask(hit)
            async with self._slot():
                return await self._work.ask(hit)
        except CancelledError:
            return False
        except Exception as fault:
            self._fault = fault
            return False

    def _holder_ended(self, has_delivered: bool, hit: Hit) -> None:
        del self._running[hit.peer]
        if has_delivered:
            # It is to be replaced soon.
            self._find_at = min(self._find_at, self._clock.seconds() + _FIRST_FIND_SECONDS)
        self.go_on()

    # While they deliver

    def _tick(self) -> None:
        self._observer.account.tick()
        now = self._clock.seconds()
        if self._work.received > self._received:
            self._received, self._idle_since = self._work.received, now
        if self._work.is_one_file:
            self._replace_snubbed(now)
            if now >= self._find_at:
                self._find_more(now)
            self._ask_more_holders()

    def _replace_snubbed(self, now: float) -> None:
        known, self._snubbed = self._snubbed, frozenset(self._work.look_after())
        if self._snubbed - known:
            self._find_at = now
            self.go_on()
        for holder in self._snubbed:
            if self._has_more and holder in self._running:
                # Another one can have its place.
                self._running[holder].cancel()

    def _find_more(self, now: float) -> None:
        self._find_at = now + self._find_after
        self._find_after = min(2 * self._find_after, limits.SEEK_AGAIN_SECONDS)
        if not self._work.is_pending:
            self._no_holder_delivers()
        has_room = len(self._running) < self._work.room
        if (has_room or self._snubbed) and not self._is_finding:
            background(self.log, "looking for more holders", self._find())

    async def _find(self) -> None:
        self._is_finding = True
        try:
            await self._look()
        except ContentLost as loss:
            self.fail(loss)
        self._is_finding = False
        self.go_on()

    async def _look(self) -> None:
        """
        Look for holders.

        :raises ContentLost: when nothing has come for a while, and nothing will.
        """
        self._know(await self._work.find())
        before, self._looked_at = self._looked_at, self._work.received
        if self._work.is_one_file and self._work.received == before:
            await self._changes.check(self._known)

    def _no_holder_delivers(self) -> None:
        seeking = self._obstacles()
        if self._clock.seconds() - self._idle_since >= limits.NOBODY_SECONDS:
            self._observer.become(Waiting(*seeking.obstacles))
        else:
            self._observer.seeking(seeking)

    def _obstacles(self) -> Seeking:
        """Say what keeps holders from delivering: that stands while they are tried once more."""
        tickets = self._context.peers.tickets
        unreachable = tuple(dict.fromkeys(filter(None, map(tickets.unreachable, self._known))))
        said = ((hit.peer, tickets.refusal(hit)) for hit in self._known)
        refused = tuple(dict.fromkeys((peer, why) for peer, why in said if why is not None))
        holders = dict.fromkeys(hit.peer for hit in self._known)
        faults = ((peer, self._context.peers.network.clock_fault(peer)) for peer in holders)
        misdated = tuple((peer, why) for peer, why in faults if why is not None)
        return Seeking(unreachable, refused, misdated)

    def _know(self, hits: Iterable[Hit]) -> None:
        self._known = tuple(hits)
        self._found.add(self._known)

    async def _pause(self, seconds: float) -> None:
        """Wait; but less, if a holder that could not be reached is to be tried again earlier."""
        tickets, until = self._context.peers.tickets, self._clock.seconds() + seconds
        barred = [hit for hit in self._known if tickets.unreachable(hit)]
        while True:
            left = max(0.0, until - self._clock.seconds())
            await deferLater(self._clock, min(left, _LOOK_AGAIN_SECONDS) if barred else left)
            if self._clock.seconds() >= until or any(map(tickets.may_ask_now, barred)):
                return
