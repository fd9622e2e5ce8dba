"""Decide what the requesters of one content, pushed to at the same time, may ask for."""

from collections.abc import Iterable
from random import Random
from typing import Final, Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.picker.ranges import Range, ranges
from p2p_twisted.picker.super_seeding import SuperSeeder
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.partial import PartialPush
from p2p_twisted.wire.chunks import chunk_count
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.names import FileId, is_loopback
from p2p_twisted.wire.source import Source

PLENTY_BYTES_PER_SECOND: Final = 200_000_000
"""Above this rate the uplink is not the bottleneck: 1 Gbit/s is 117 MB/s."""

_MEASURED_SECONDS: Final = 0.25
_OVERDUE_SECONDS: Final = 1.0
_LATE_SECONDS: Final = 5.0
_FEW_CHUNKS: Final = 4
_AHEAD_SECONDS: Final = 0.3
_FEWEST_AHEAD: Final = 3


class Audience(Protocol):
    """
    The running pushes of one content.

    :ivar is_download: whether this peer downloads it, too: what others have is nothing to it.
    """

    is_download: bool

    def joined(self, push: PartialPush) -> bool:
        """
        Add a push.

        :returns: whether its requester may ask only for what it is offered.
        """

    def left(self, push: PartialPush) -> None:
        """Remove a push, if it ever joined."""

    def sent(self, push: PartialPush, index: int, length: int) -> None:
        """Record that a chunk has been sent."""

    def has(self, push: PartialPush, chunks: Iterable[Range]) -> None:
        """Record chunks that a requester has."""


class Unlimited:
    """Pushes that do not slow each other down: every requester may ask for everything."""

    is_download = False

    def joined(self, push: PartialPush) -> bool:
        """Return ``False``: it may ask for everything."""
        return False

    def left(self, push: PartialPush) -> None:
        """Ignore it."""

    def sent(self, push: PartialPush, index: int, length: int) -> None:
        """Ignore it."""

    def has(self, push: PartialPush, chunks: Iterable[Range]) -> None:
        """Ignore it."""


class SharedUplink:
    """
    Pushes of a file that this peer has all of, through one uplink.

    A single requester may ask for everything. From the second one on, requesters are made to
    help each other (super-seeding), as long as the uplink may be the bottleneck. At higher
    rates it is fastest to send everything to every requester.
    """

    log = Logger()
    is_download = False

    def __init__(self, clock: IReactorTime, chunks: int, rng: Random) -> None:
        self._clock = clock
        self._chunks = chunks
        self._rng = rng
        # When each was last offered a chunk, or sent one.
        self._pushes: dict[PartialPush, float] = {}
        self._seeder: SuperSeeder[PartialPush] | None = None
        self._seeded: set[PartialPush] = set()
        self._rate = 0.0
        self._since = clock.seconds()
        self._moved = 0
        self._watching = LoopingCall(self._watch)
        self._watching.clock = clock

    def joined(self, push: PartialPush) -> bool:
        """Add a push."""
        self._pushes[push] = self._clock.seconds()
        if self._seeder is not None:
            self._let_help(push)
            self._reveal()
        elif self._is_worth_it:
            self._begin()
        return self._seeder is not None

    def left(self, push: PartialPush) -> None:
        """Remove a push, if it ever joined."""
        self._pushes.pop(push, None)
        if self._seeder is not None:
            if push in self._seeded:
                self._seeded.remove(push)
                self._seeder.remove(push)
            if len(self._pushes) < 2:
                self._end()

    def sent(self, push: PartialPush, index: int, length: int) -> None:
        """Record that a chunk has been sent."""
        self._pushes[push] = self._clock.seconds()
        self._measure(length)
        if self._seeder is None:
            return
        if self._rate > PLENTY_BYTES_PER_SECOND:
            self._end()
        elif push in self._seeded:
            self._seeder.sent(push, index)
            self._reveal()

    def has(self, push: PartialPush, chunks: Iterable[Range]) -> None:
        """Record chunks that a requester has."""
        if self._seeder is not None and push in self._seeded:
            self._seeder.has(push, chunks)
            self._reveal()

    @property
    def _is_worth_it(self) -> bool:
        is_crowd = len(self._pushes) > 1 and self._chunks > _FEW_CHUNKS
        return is_crowd and self._rate < PLENTY_BYTES_PER_SECOND

    def _begin(self) -> None:
        self._seeder = SuperSeeder(self._chunks, self._rng)
        for push in self._pushes:
            self._let_help(push)
        self._reveal()
        watching = self._watching.start(_OVERDUE_SECONDS, now=False)
        background(self.log, "spreading a file", watching)

    def _end(self) -> None:
        """Stop super-seeding: every requester may ask for everything."""
        self._seeder = None
        self._watching.stop()
        seeded, self._seeded = self._seeded, set()
        for push in seeded:
            push.offer(((0, self._chunks),))

    def _let_help(self, push: PartialPush) -> None:
        assert self._seeder is not None
        self._seeded.add(push)
        self._seeder.add(push)
        # Even if nothing is revealed to it yet: it must not ask for anything else.
        push.offer(())

    def _reveal(self) -> None:
        assert self._seeder is not None
        ahead = max(_FEWEST_AHEAD, int(_AHEAD_SECONDS * self._rate / CHUNK_BYTES))
        # A few slow requesters must not hold back chunks from all others.
        long_ago = self._clock.seconds() - _LATE_SECONDS
        ahead += sum(not push.is_idle and self._pushes[push] <= long_ago for push in self._seeded)
        revealed: dict[PartialPush, list[int]] = {}
        for push, index in self._seeder.reveal(ahead):
            revealed.setdefault(push, []).append(index)
        for push, indexes in revealed.items():
            self._pushes[push] = self._clock.seconds()
            push.offer(tuple(ranges(sorted(indexes))))

    def _watch(self) -> None:
        """Reveal more to requesters that have not asked for what was revealed to them."""
        assert self._seeder is not None
        long_ago = self._clock.seconds() - _OVERDUE_SECONDS
        for push in self._seeded:
            if push.is_idle and self._pushes[push] <= long_ago:
                self._seeder.overdue(push)
        self._reveal()

    def _measure(self, length: int) -> None:
        now = self._clock.seconds()
        if now - self._since >= _MEASURED_SECONDS:
            self._rate = self._moved / (now - self._since)
            self._since, self._moved = now, 0
        self._moved += length


class Audiences:
    """
    The audiences of whatever is pushed.

    :param rng: decides which chunks are revealed first.
    """

    def __init__(self, clock: IReactorTime, bandwidth: Bandwidth, rng: Random) -> None:
        self._clock = clock
        self._bandwidth = bandwidth
        self._rng = rng
        self._uplinks: dict[FileId, SharedUplink] = {}

    def is_local(self, host: str) -> bool:
        """Return whether nothing limits what is sent to a host but this machine itself."""
        return is_loopback(host) and self._bandwidth.rates.up is None

    def of(self, host: str, source: Source) -> Audience:
        """Return the pushes of the same file that share an uplink with one to a host."""
        if self.is_local(host):
            # On one machine, helping each other would only load the same processors again.
            return Unlimited()
        if source.file_id not in self._uplinks:
            chunks = chunk_count(source.size)
            self._uplinks[source.file_id] = SharedUplink(self._clock, chunks, self._rng)
        return self._uplinks[source.file_id]

    def forget(self, file_id: FileId) -> None:
        """Forget a file that is pushed to nobody any more."""
        self._uplinks.pop(file_id, None)
