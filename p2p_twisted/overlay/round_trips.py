"""How long links take there and back."""

from collections.abc import Iterable
from statistics import fmean
from typing import Final

from attrs import define, field

from p2p_twisted.overlay.effects import LinkId

UNKNOWN_SECONDS: Final = 0.15


@define
class RoundTrips:
    """The round trips of one peer's connections, in seconds, as far as they were measured."""

    _seconds: dict[LinkId, float] = field(factory=dict)

    def measured(self, link: LinkId, seconds: float) -> None:
        """Record how long a connection takes."""
        self._seconds[link] = seconds

    def forget(self, link: LinkId) -> None:
        """Forget a connection that has ended."""
        self._seconds.pop(link, None)

    def one_way(self, link: LinkId) -> float:
        """Guess how long a line takes on a link: half of its round trip."""
        return self._seconds.get(link, UNKNOWN_SECONDS) / 2

    def usual(self, links: Iterable[LinkId]) -> float:
        """Return the mean of some links."""
        return fmean(self._known(links) or [UNKNOWN_SECONDS])

    def slowest(self, links: Iterable[LinkId]) -> float:
        """Return the longest of some links."""
        return max(self._known(links), default=UNKNOWN_SECONDS)

    def _known(self, links: Iterable[LinkId]) -> list[float]:
        return [self._seconds[link] for link in links if link in self._seconds]
