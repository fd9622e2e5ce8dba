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
# For some ten seconds: if questions kept links from being swapped, who never stops asking
# would keep apart for ever what was cut apart.
_BUSY_MOST: Final = 40


@define
class RewireTimer:
    """
    Ever more rarely, so that those who came together are mixed soon, and all are for ever.

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
        """One is being made: the next one comes after twice as long."""
        self.at, self._waits = self._spread(now), 0
        self._pause = min(2 * self._pause, _LONGEST_SECONDS)

    def wait(self, now: float) -> bool:
        """It is not the time for one: try in a moment, but not for ever; tells whether to wait."""
        self._waits += 1
        self.at = now + _BUSY_SECONDS
        return self._waits <= _BUSY_MOST

    def failed(self, now: float) -> None:
        """Nobody was there: try another one soon, as most may be forged, or of the dead."""
        self.at = min(self.at, now + _AGAIN_SECONDS)

    def hurry(self, now: float) -> None:
        """
        An address that others have named is nobody's: swap as often as at first.

        Either very many have died, or some make addresses up, and may be all our neighbors.
        """
        self._pause = _FIRST_SECONDS
        if self.at < inf:
            self.at = min(self.at, self._spread(now))

    def _spread(self, now: float) -> float:
        return now + self._pause * self.rng.uniform(0.5, 1.5)
