"""When a peer swaps a link for one with a peer of its book."""

from math import inf
from typing import TYPE_CHECKING, Final

from attrs import define

if TYPE_CHECKING:
    from random import Random

_FIRST_SECONDS: Final = 10.0
_LONGEST_SECONDS: Final = 300.0
_AGAIN_SECONDS: Final = 1.0
_BUSY_SECONDS: Final = 0.25
# For some ten seconds: if queries kept links from being swapped, a peer that never stops
# asking would keep apart for ever what was cut apart.
_BUSY_MOST: Final = 40


@define
class RewireTimer:
    """
    Schedules link swaps at doubling intervals, from 10 s to 5 minutes, without end.

    Often at first, to mix peers that joined together; for ever, to heal partitions.

    :ivar at: when the next swap is due, on the monotonic clock.
    """

    rng: "Random"
    at: float = inf
    _pause: float = _FIRST_SECONDS
    _waits: int = 0

    def begin(self, now: float) -> None:
        """Swap links from now on; again does no harm."""
        if self.at == inf:
            self.at = self._spread(now)

    def go_on(self, now: float) -> None:
        """Record that a swap is being made: the next one comes after twice as long."""
        self.at, self._waits = self._spread(now), 0
        self._pause = min(2 * self._pause, _LONGEST_SECONDS)

    def wait(self, now: float) -> bool:
        """Put a swap off for a moment; return false once that was done for ten seconds."""
        self._waits += 1
        self.at = now + _BUSY_SECONDS
        return self._waits <= _BUSY_MOST

    def failed(self, now: float) -> None:
        """Try another peer soon, as most addresses may be forged, or those of dead peers."""
        self.at = min(self.at, now + _AGAIN_SECONDS)

    def hurry(self, now: float) -> None:
        """
        Swap as often as at first, because no peer is at an address that others have named.

        Either very many have died, or some make addresses up, and may be all our neighbors.
        """
        self._pause = _FIRST_SECONDS
        if self.at < inf:
            self.at = min(self.at, self._spread(now))

    def _spread(self, now: float) -> float:
        return now + self._pause * self.rng.uniform(0.5, 1.5)
