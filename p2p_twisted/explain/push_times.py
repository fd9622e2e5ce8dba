"""How the time of one push goes by, at its requester."""

from collections.abc import Callable
from typing import Final

from attrs import define, field

from p2p_twisted.explain.facts import Waits
from p2p_twisted.explain.stopwatch import Stopwatch
from p2p_twisted.wire.messages import HeldUp
from p2p_twisted.wire.names import PeerName
from p2p_twisted.wire.tcp_info import TcpInfo

_HELD_SECONDS: Final = 30.0
"""For so long what a holder has said counts."""


@define(eq=False)
class PushTimes:
    """
    Measures one push, by what its receiver tells.

    :param now: reads the monotonic clock, in seconds.
    :param paused: returns for how many seconds the limiter has kept it from being read.
    :param look: reads what the system knows of its connection.
    :ivar first_hop: the first peer on the way by which it was asked for.
    :ivar is_proven: whether the holder has proven who it is.
    :ivar disk: runs while nothing is read, as what has come is not written yet.
    :ivar idle: runs while the holder is asked for nothing.
    :ivar received: bytes.
    """

    holder: PeerName
    first_hop: PeerName
    _now: Callable[[], float]
    _paused: Callable[[], float]
    _look: Callable[[], TcpInfo | None] = lambda: None
    is_proven: bool = False
    disk: Stopwatch = field(factory=Stopwatch, init=False)
    idle: Stopwatch = field(factory=Stopwatch, init=False)
    received: int = field(default=0, init=False)
    way: TcpInfo | None = field(default=None, init=False)
    _open: Stopwatch = field(factory=Stopwatch, init=False)
    _held: HeldUp | None = field(default=None, init=False)
    _held_at: float = field(default=0.0, init=False)
    _ended_at: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._open.begin(self._now())

    def is_asked(self, is_asked: bool) -> None:
        """Record whether the holder owes something."""
        (self.idle.end if is_asked else self.idle.begin)(self._now())

    def is_held_up(self, is_held_up: bool) -> None:
        """Record whether nothing is read until something is written."""
        (self.disk.begin if is_held_up else self.disk.end)(self._now())

    def claimed(self, held: HeldUp) -> None:
        """Record what the holder says that holds it up."""
        self._held, self._held_at = held, self._now()

    @property
    def is_ended(self) -> bool:
        """Whether its clocks stand."""
        return self._ended_at is not None

    @property
    def held(self) -> HeldUp | None:
        """What the holder has said of late, or shortly before the push ended."""
        until = self._now() if self._ended_at is None else self._ended_at
        return None if until - self._held_at > _HELD_SECONDS else self._held

    def look(self) -> None:
        """Look at the connection, while it is there."""
        self.way = self._look() or self.way

    def end(self) -> None:
        """Stop all clocks, and let its connection go; twice does no harm."""
        now, paused = self._now(), self._paused()
        self._paused, self._look = lambda: paused, lambda: None
        self._ended_at = now if self._ended_at is None else self._ended_at
        for each in (self._open, self.disk, self.idle):
            each.end(now)

    def waits(self) -> Waits:
        """Return how its time went by so far."""
        now = self._now()
        disk, idle = self.disk.seconds(now), self.idle.seconds(now)
        return Waits(self._open.seconds(now), self._paused(), disk, idle, self.received)
