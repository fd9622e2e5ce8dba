"""What a peer looks up for its neighbors: one thing at a time for each, in a share of its time."""

from collections import deque
from collections.abc import Sequence
from typing import Final, Literal

from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.messages import Ask
from p2p_twisted.wire.names import MessageId

# Tokens are whole.
_MICROSECONDS: Final = 1_000_000


@define
class _Share:
    """What one neighbor may still have looked up, and what of it waits for its turn."""

    time: TokenBucket = field(
        factory=lambda: TokenBucket(
            limits.LOOKUP_SECONDS_PER_SECOND * _MICROSECONDS,
            limits.LOOKUP_BURST_SECONDS * _MICROSECONDS,
        )
    )
    is_busy: bool = False
    waiting: deque[Ask] = field(factory=deque)


@define
class LookupBudget:
    """
    Charges neighbors, in time, for what is looked up for them.

    What a question costs depends on what this peer shares, and shows only afterwards: so a
    neighbor may get into debt, by one lookup.
    """

    _shares: dict[LinkId, _Share] = field(factory=dict)
    # Whose the lookups are that are under way.
    _links: dict[MessageId, LinkId] = field(factory=dict)

    def neighbor_up(self, link: LinkId) -> None:
        """Give a new neighbor its share."""
        self._shares[link] = _Share()

    def neighbor_down(self, link: LinkId) -> None:
        """Forget a neighbor."""
        del self._shares[link]

    def has_time(self, link: LinkId, now: float) -> bool:
        """Return whether something may be looked up for a neighbor."""
        return self._shares[link].time.left(now) > 0

    def spend(self, link: LinkId, seconds: float) -> None:
        """Charge a neighbor, unless it is gone."""
        if link in self._shares:
            self._shares[link].time.spend(round(seconds * _MICROSECONDS))

    def begin(self, link: LinkId, ask: Ask, now: float) -> Literal["now", "later", "never"]:
        """Decide when to look up what a neighbor asks for: later is told by :meth:`ended`."""
        share = self._shares[link]
        if not self.has_time(link, now) or len(share.waiting) >= limits.LOOKUPS_WAITING:
            return "never"
        if share.is_busy:
            share.waiting.append(ask)
            return "later"
        self._start(link, ask)
        return "now"

    def ended(self, id_: MessageId, seconds: float, now: float) -> tuple[Ask | None, Sequence[Ask]]:
        """
        Charge for a lookup that has ended, if it was one.

        :param seconds: how long it took.
        :returns: what to look up next for the same neighbor, and what never.
        """
        link = self._links.pop(id_, None)
        if link is None or link not in self._shares:
            return None, ()
        share = self._shares[link]
        share.is_busy = False
        self.spend(link, seconds)
        if not share.waiting:
            return None, ()
        if self.has_time(link, now):
            ask = share.waiting.popleft()
            self._start(link, ask)
            return ask, ()
        given_up, share.waiting = share.waiting, deque()
        return None, given_up

    def _start(self, link: LinkId, ask: Ask) -> None:
        self._shares[link].is_busy = True
        self._links[ask.id] = link
