"""Find out whether the other side of a connection still lives, and how far away it is."""

from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IReactorTime

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Message, Ping

# However the clock rounds, a check never comes again at once.
_SHORTEST_WAIT_SECONDS: Final = 0.1
# Whoever lives answers a ping sooner, unless its machine is very busy.
_OVERDUE_SECONDS: Final = 2.0


class KeepAlive:
    """
    Pings after 5 s of silence, and gives up after 15 s of it.

    Neither TCP's keepalive nor its timeouts notice a process that was stopped. Both
    sides hear the same silence and break it by turns: the side that broke it last waits
    a second longer.

    :param is_first: whether the first turn is ours; the other side has the opposite.
    :param send: sends a message.
    :param give_up: is told why, once, when nothing was heard for 15 s.
    :ivar round_trip: of the last answered ping, in seconds; before it, how long the first
        answer to anything took, and ``None`` before that.
    """

    # Each connection has one.
    __slots__ = (
        "_clock",
        "_give_up",
        "_heard_at",
        "_is_started",
        "_next_check",
        "_patience",
        "_pinged_at",
        "_pings",
        "_pings_heard",
        "_send",
        "_spoke_at",
        "round_trip",
    )

    def __init__(
        self,
        clock: IReactorTime,
        is_first: bool,
        send: Callable[[Message], object],
        give_up: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._patience = limits.PING_AFTER_SECONDS if is_first else limits.PING_LATER_SECONDS
        self._send = send
        self._give_up = give_up
        self.round_trip: float | None = None
        self._heard_at = clock.seconds()
        self._spoke_at: float | None = None
        self._pinged_at: float | None = None
        self._pings = 0
        self._is_started = False
        # None until it is started, and until a ping comes: most connections end before.
        self._next_check: Alarm | None = None
        self._pings_heard: TokenBucket | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether nothing has come for 2 s since a ping: most often the other side has died."""
        if self._pinged_at is None or self._heard_at >= self._pinged_at:
            return False
        return self._clock.seconds() - self._pinged_at >= _OVERDUE_SECONDS

    def start(self) -> None:
        """Watch for silence from now on; again, or after :meth:`stop`, does no harm."""
        if not self._is_started:
            self._is_started = True
            self.heard()
            self._check_in(self._patience)

    def stop(self) -> None:
        """Never ping again, even if started later."""
        self._is_started = True
        if self._next_check is not None:
            self._next_check.stop()
        # It leads back to the connection, which leads here.
        self._send = self._give_up = _ignore

    def heard(self) -> None:
        """Record a sign of life: any bytes."""
        self._heard_at = self._clock.seconds()
        if self.round_trip is None and self._spoke_at is not None:
            self.round_trip = self._heard_at - self._spoke_at

    def spoke(self) -> None:
        """Record that we say something: the first time, it is answered at once."""
        if self._spoke_at is None:
            self._spoke_at = self._clock.seconds()

    def is_moderate(self) -> bool:
        """Count a ping or an answer to one; return whether there are not too many of them."""
        if self._pings_heard is None:
            self._pings_heard = TokenBucket(limits.PINGS_PER_SECOND, limits.PINGS_BURST)
        return self._pings_heard.take(self._clock.seconds())

    def pinged(self) -> None:
        """Record that the other side has broken the silence: the next one is ours to break."""
        self._patience = limits.PING_AFTER_SECONDS

    def answered(self, number: int) -> None:
        """Handle the answer to a ping; only the last ping's gives a time."""
        if number == self._pings and self._pinged_at is not None:
            self.round_trip = self._clock.seconds() - self._pinged_at
            self._pinged_at = None

    def _check_in(self, seconds: float) -> None:
        self._next_check = self._next_check or Alarm(self._clock, self._check)
        self._next_check.set(max(_SHORTEST_WAIT_SECONDS, seconds))

    def _check(self) -> None:
        now = self._clock.seconds()
        silence = now - self._heard_at
        if silence >= limits.DEAD_AFTER_SECONDS:
            self._give_up(f"it has been silent for {limits.DEAD_AFTER_SECONDS:.0f} s")
        elif silence >= self._patience:
            # By then the other side has broken the next silence, if it is well.
            self._check_in(min(limits.PING_LATER_SECONDS, limits.DEAD_AFTER_SECONDS - silence))
            self._ping_once(now)
        else:
            self._check_in(self._patience - silence)

    def _ping_once(self, now: float) -> None:
        if self._pinged_at is None or self._pinged_at <= self._heard_at:
            self._pings += 1
            self._pinged_at = now
            self._patience = limits.PING_LATER_SECONDS
            self._send(Ping(self._pings))


def _ignore(_what: object) -> None:
    """Stand for who does not need to be told any more."""
