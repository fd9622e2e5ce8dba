"""Pause transfers so that they keep to a rate, and resume them."""

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from p2p_twisted.bandwidth.rates import Rates, Slots
from p2p_twisted.bandwidth.throttle import Share, Throttle


class Limiter:
    """
    Limits one direction of a peer's transfers to a rate.

    :param rate: bytes per second; ``None`` for no limit.
    :ivar now: returns the time in seconds on the reactor's clock.
    """

    def __init__(self, clock: IReactorTime, rate: int | None = None) -> None:
        self._clock = clock
        self.now = clock.seconds
        self._throttle = Throttle(rate)
        self._pauses: set[IDelayedCall] = set()

    @property
    def rate(self) -> int | None:
        """Bytes per second."""
        return self._throttle.rate

    @property
    def total(self) -> int:
        """How many bytes have moved."""
        return self._throttle.total

    def limit(self, rate: int | None) -> None:
        """Change the rate; transfers that were paused for the old one resume at once."""
        self._throttle.rate = rate
        for pause in self._pauses:
            pause.reset(0)

    def pace(self) -> "TransferPace":
        """Return the pace of one more transfer."""
        return TransferPace(self, Share(self._throttle))

    def take(self, count: int) -> bool:
        """
        Account for bytes that are about to move, unless other transfers are paused.

        :returns: whether the bytes may move.
        """
        if self._pauses:
            return False
        self._throttle.spend(count, self.now())
        return True

    def turn(self, count: int) -> "Deferred[None]":
        """
        Account for bytes that have moved already, as they could not wait.

        :returns: fires when the rate would have allowed them.
        """
        seconds = self._throttle.spend(count, self.now())
        if seconds <= 0:
            return succeed(None)
        turn: Deferred[None] = Deferred(lambda _: self.forget(pause))
        pause = self.pause(seconds, lambda: turn.callback(None))
        return turn

    def pause(self, seconds: float, go_on: Callable[[], None]) -> IDelayedCall:
        """Call ``go_on`` after so many seconds, or as soon as the rate changes."""

        def over() -> None:
            self._pauses.discard(pause)
            go_on()

        pause = self._clock.callLater(seconds, over)
        self._pauses.add(pause)
        return pause

    def forget(self, pause: IDelayedCall) -> None:
        """Cancel a pause."""
        self._pauses.discard(pause)
        pause.cancel()


class TransferPace:
    """Tells one transfer how much it may move, and when; see :meth:`Limiter.pace`."""

    def __init__(self, limiter: Limiter, share: Share) -> None:
        self._limiter = limiter
        self._share = share
        self._pause: IDelayedCall | None = None
        self._paused_at = 0.0
        self._paused_seconds = 0.0
        self._is_stopped = False

    @property
    def is_paused(self) -> bool:
        """Whether the transfer must not move anything now."""
        return self._pause is not None

    @property
    def paused_seconds(self) -> float:
        """For how long the transfer was not to move anything so far."""
        now = self._limiter.now()
        return self._paused_seconds + (now - self._paused_at if self.is_paused else 0.0)

    @property
    def allowance(self) -> int:
        """How many bytes may move at once; at least one."""
        return self._share.allowance

    def moved(self, count: int, go_on: Callable[[], None]) -> bool:
        """
        Account for bytes that have moved.

        :param go_on: is called when more may move, unless they may now.
        :returns: whether more may move now.
        """
        seconds = self._share.spend(count, self._limiter.now())
        if seconds > 0 and self._pause is None and not self._is_stopped:
            self._paused_at = self._limiter.now()
            self._pause = self._limiter.pause(seconds, lambda: self._over(go_on))
        return self._pause is None

    def stop(self) -> None:
        """Cancel the pause, and begin no other; stopping twice does no harm."""
        self._is_stopped = True
        if self._pause is not None:
            self._limiter.forget(self._pause)
            self._end_pause()

    def _over(self, go_on: Callable[[], None]) -> None:
        self._end_pause()
        go_on()

    def _end_pause(self) -> None:
        self._paused_seconds, self._pause = self.paused_seconds, None


class Bandwidth:
    """
    Limits how fast a peer sends and receives files, and how many at a time.

    :param rates: the limits at first; none by default.
    :ivar slots: how many transfers may run at a time.
    """

    def __init__(
        self, clock: IReactorTime, rates: Rates | None = None, slots: Slots | None = None
    ) -> None:
        rates = rates or Rates()
        self.slots = slots or Slots()
        self.up = Limiter(clock, rates.up)
        self.down = Limiter(clock, rates.down)

    @property
    def rates(self) -> Rates:
        """The current limits."""
        return Rates(self.up.rate, self.down.rate)

    @property
    def holders(self) -> int:
        """How many holders one download may have now."""
        return self.slots.holders(self.down.rate)

    @property
    def holders_in_return(self) -> int:
        """How many more one download may have that are asked as they ask this peer."""
        return self.slots.holders_in_return(self.down.rate)

    def limit(self, rates: Rates) -> None:
        """
        Change the rates, at once.

        :raises BadRate: when they are too slow for so many transfers.
        """
        self.slots.check(rates)
        self.up.limit(rates.up)
        self.down.limit(rates.down)
