"""Decide when a push through a relay is so slow that another relay is tried."""

from math import inf

from attrs import define, field

from p2p_twisted.download import limits
from p2p_twisted.explain.facts import Waits
from p2p_twisted.wire.names import PeerName

Pair = tuple[PeerName, PeerName]
"""A relay, and a holder."""


@define
class RelayRates:
    """
    How much a second holders have pushed through relays where that was slow, of late.

    Who is to blame for it only another relay can tell. So each is tried once in ten minutes, and
    the fastest is kept. Times are in seconds on the monotonic clock.
    """

    # Each with how long that counts.
    _slow: dict[Pair, tuple[float, float]] = field(factory=dict, init=False)

    def put(self, pair: Pair, rate: float, now: float) -> None:
        """Record at how many bytes a second a relay was slow; 0 where nothing came of it."""
        self._slow = {each: known for each, known in self._slow.items() if known[1] > now}
        self._slow[pair] = rate, now + limits.RELAY_RATE_SECONDS

    def drop(self, pair: Pair) -> None:
        """Record that a relay is not slow."""
        self._slow.pop(pair, None)

    def of(self, pair: Pair, now: float) -> float:
        """Return how many bytes a second to expect of a relay: no end of them, unless known."""
        rate, until = self._slow.get(pair, (inf, inf))
        return rate if until > now else inf

    def is_faster(self, pair: Pair, than: float, now: float) -> bool:
        """Return whether a relay may be so much faster that it is worth to change to it."""
        return self.of(pair, now) > limits.RELAY_CHANGE_FACTOR * than


def slow_rate(waits: Waits, left: int) -> float | None:
    """
    Return the bytes a second of a push that is slow; ``None`` for others.

    :param waits: how its last seconds went by.
    :param left: how many bytes are still to come.
    """
    seconds = waits.seconds - waits.limit - waits.disk - waits.idle
    if seconds < waits.seconds / 2:
        # It is this peer that keeps it from coming.
        return None
    rate = waits.received / seconds if seconds else inf
    is_long = left > rate * limits.RELAYED_LONG_SECONDS
    return rate if is_long and rate < limits.RELAYED_SLOW_BYTES_PER_SECOND else None
