"""Let transfers pause where a rate demands it, and go on when it allows."""

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from p2p_twisted.bandwidth.rates import Rates, Slots
from p2p_twisted.bandwidth.throttle import Share, Throttle


class Limiter:
    """
    One direction of a peer's traffic, and its rate.

    :param rate: bytes per second; ``None`` for no limit.
    """

    def __init__(self, clock: IReactorTime, rate: int | None = None) -> None:
        self._clock = clock
        self._throttle = Throttle(rate)
        self._pauses: set[IDelayedCall] = set()

    @property
    def rate(self) -> int | None:
        """Bytes per second."""
        return self._throttle.rate

    def limit(self, rate: int | None) -> None:
        """Change the rate; transfers that pause for the old one go on at once."""
        self._throttle.rate = rate
        for pause in self._pauses:
            pause.reset(0)

    def pace(self) -> "TransferPace":
        """Let one more transfer take part."""
        return TransferPace(self, Share(self._throttle))

    def take(self, count: int) -> bool:
        """
        Pay for bytes that move at once, if nobody is waiting for a turn.

        :returns: whether they may.
        """
        if self._pauses:
            return False
        self._throttle.spend(count, self.now())
        return True

    def turn(self, count: int) -> "Deferred[None]":
        """
        Pay for bytes that have moved at once, and could not wait.

        :returns: fires when they would have had their turn.
        """
        seconds = self._throttle.spend(count, self.now())
        if seconds <= 0:
            return succeed(None)
        turn: Deferred[None] = Deferred(lambda _: self.forget(pause))
        pause = self.pause(seconds, lambda: turn.callback(None))
        return turn

    def now(self) -> float:
        """Tell the time, in seconds."""
        return self._clock.seconds()

    def pause(self, seconds: float, go_on: Callable[[], None]) -> IDelayedCall:
        """Call back later, or as soon as the rate changes."""

        def over() -> None:
            self._pauses.discard(pause)
            go_on()

        pause = self._clock.callLater(seconds, over)
        self._pauses.add(pause)
        return pause

    def forget(self, pause: IDelayedCall) -> None:
        """End a pause without calling back."""
        self._pauses.discard(pause)
        pause.cancel()


class TransferPace:
    """One transfer's pace; see :meth:`Limiter.pace`."""

    def __init__(self, limiter: Limiter, share: Share) -> None:
        self._limiter = limiter
        self._share = share
        self._pause: IDelayedCall | None = None
        self._is_stopped = False

    @property
    def is_paused(self) -> bool:
        """Whether it must not move anything now."""
        return self._pause is not None

    @property
    def allowance(self) -> int:
        """How many bytes may move at once, at least one."""
        return self._share.allowance

    def moved(self, count: int, go_on: Callable[[], None]) -> bool:
        """
        Take note that bytes have moved.

        :param go_on: is called when more may move, unless that is now.
        :returns: whether it is.
        """
        seconds = self._share.spend(count, self._limiter.now())
        if seconds > 0 and self._pause is None and not self._is_stopped:
            self._pause = self._limiter.pause(seconds, lambda: self._over(go_on))
        return self._pause is None

    def stop(self) -> None:
        """Call nobody back any more; twice does no harm."""
        self._is_stopped = True
        if self._pause is not None:
            self._limiter.forget(self._pause)
            self._pause = None

    def _over(self, go_on: Callable[[], None]) -> None:
        self._pause = None
        go_on()


class Bandwidth:
    """
    What a peer sends and receives of files, and how much of it at a time.

    :param rates: the most at first.
    :ivar slots: how many transfers there may be.
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
        """The most that is sent and received now."""
        return Rates(self.up.rate, self.down.rate)

    @property
    def holders(self) -> int:
        """How many holders one download may have now."""
        return self.slots.holders(self.down.rate)

    def limit(self, rates: Rates) -> None:
        """
        Change the rates, at once.

        :raises BadRate: when they are too slow for so many transfers.
        """
        self.slots.check(rates)
        self.up.limit(rates.up)
        self.down.limit(rates.down)
