"""Watch a push through a relay, and have it given up where another relay may be faster."""

from collections.abc import Awaitable, Callable, Sequence

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.download.push_receiver import PushReceiver
from p2p_twisted.download.relay_rates import Pair, RelayRates, slow_rate
from p2p_twisted.explain.facts import Waits
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.names import PeerAddress


@define(eq=False, kw_only=True)
class RelayWatch:
    """
    Looks at a push every 2 s; ever more rarely while it is slow and there is no other relay.

    :param pair: the relay, and the holder that pushes.
    :param choose: lists the relays that can be asked for the holder.
    :param give_up: ends the push.
    """

    log = Logger()

    _clock: IReactorTime
    _session: PushReceiver
    _pair: Pair
    _rates: RelayRates
    _choose: Callable[[], Awaitable[Sequence[PeerAddress]]]
    _give_up: Callable[[], None]
    _alarm: Alarm = field(init=False)
    _wait: float = field(default=limits.RELAYED_LOOK_SECONDS, init=False)
    _seen: Waits = field(factory=Waits, init=False)

    def __attrs_post_init__(self) -> None:
        self._alarm = Alarm(self._clock, self._look)
        self._alarm.set(self._wait)

    def stop(self) -> None:
        """Watch it no longer; twice does no harm."""
        self._alarm.stop()

    def _look(self) -> None:
        seen = self._session.times.waits()
        rate, self._seen = slow_rate(seen - self._seen, self._session.left), seen
        if rate is None:
            self._rates.drop(self._pair)
            self._wait = limits.RELAYED_LOOK_SECONDS
        else:
            self._rates.put(self._pair, rate, self._clock.seconds())
            self._wait = min(2 * self._wait, limits.RELAY_RATE_SECONDS)
        self._alarm.set(self._wait)
        if rate is not None:
            background(self.log, "looking for a faster relay", self._compare(rate))

    async def _compare(self, rate: float) -> None:
        relay, holder = self._pair
        others = [each.name for each in await self._choose() if each.name != relay]
        now = self._clock.seconds()
        is_any = any(self._rates.is_faster((each, holder), rate, now) for each in others)
        if is_any and self._alarm.is_set:
            self._give_up()
