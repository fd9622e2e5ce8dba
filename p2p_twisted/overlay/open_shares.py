"""What neighbors may still ask: each has a share of the open queries, and of what is told."""

from collections import Counter
from typing import Final

from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.overlay.shares import price
from p2p_twisted.runtime.token_bucket import TokenBucket

# A neighbor that has less than this left is told nothing: so few are not worth a search.
_RECORDS_LEAST: Final = 1_000
_RECORDS_PLENTY: Final = limits.ASK_RECORDS // 2


@define
class OpenShares:
    """Counts for each neighbor what it asks: one must not use up what others may ask."""

    # What each may still be told.
    _records: dict[LinkId, TokenBucket] = field(factory=dict)
    # How many open queries each is the parent of; nobody is that of this peer's own.
    _open: "Counter[LinkId | None]" = field(factory=Counter)

    def neighbor_up(self, link: LinkId) -> None:
        """Give a new neighbor its share."""
        self._records[link] = TokenBucket(limits.ASK_RECORDS_PER_SECOND, limits.ASK_RECORDS)

    def neighbor_down(self, link: LinkId) -> None:
        """Forget a neighbor, of whose queries none is open any more."""
        del self._records[link], self._open[link]

    def has_room(self, link: LinkId, now: float) -> bool:
        """Return whether a neighbor may ask one more."""
        room = limits.ASKS_OPEN_PER_LINK // price(len(self._records)) - self._open[link]
        return room > 0 and self.records_left(link, now) >= _RECORDS_LEAST

    def has_plenty(self, link: LinkId, now: float) -> bool:
        """
        Return whether what a neighbor asks may be passed on.

        Others tell this peer no more for all that it asks of them than it tells one neighbor: what
        that one does not get is left for what this peer asks itself, and for other neighbors.
        """
        return self.records_left(link, now) >= _RECORDS_PLENTY

    def opened(self, parent: LinkId | None) -> None:
        """Count a query that begins."""
        self._open[parent] += 1

    def closed(self, parent: LinkId | None) -> None:
        """Count a query that has ended."""
        self._open[parent] -= 1

    def records_left(self, link: LinkId, now: float) -> int:
        """Return how many records a neighbor may still be told."""
        return self._records[link].left(now)

    def told(self, link: LinkId, records: int) -> None:
        """Count records that a neighbor is told, or will be."""
        self._records[link].spend(records)
