"""Decide when a peer looks for what was offered, which no neighbor is known to have."""

from collections import Counter
from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING

from attrs import define, field

from p2p_twisted.offers.limits import (
    OFFERS_SOUGHT_BURST,
    OFFERS_SOUGHT_IN_VAIN,
    OFFERS_SOUGHT_PER_SECOND,
)
from p2p_twisted.offers.offer_book import KeptOffer
from p2p_twisted.runtime.token_bucket import TokenBucket

if TYPE_CHECKING:
    from random import Random


@define(eq=False)
class OfferTurns:
    """
    Has a peer look for so many a second: each has all others asked, and may be made up.

    The more nobody has had in a row, the longer it takes until the next turn.

    :ivar are_awaited: whether one waits for its turn: others that come do not go before it.
    """

    _rng: "Random"
    are_awaited: bool = False
    _misses: int = field(default=0, init=False)
    _rest_until: float = field(default=-inf, init=False)
    _turns: TokenBucket = field(
        factory=lambda: TokenBucket(OFFERS_SOUGHT_PER_SECOND, OFFERS_SOUGHT_BURST), init=False
    )

    def may_begin(self, kept: KeptOffer, now: float) -> bool:
        """Return whether it may be looked for at the time ``now``; otherwise it is to wait."""
        is_free = now >= self._rest_until and not self.are_awaited
        if kept.holders or (is_free and self._turns.left(now)):
            return True
        self.are_awaited = True
        return False

    def begins(self, kept: KeptOffer) -> None:
        """Record that it is looked for."""
        if not kept.holders:
            self._turns.spend(1)

    def missed(self, now: float) -> None:
        """Record that nobody had what was looked for."""
        self._misses = min(self._misses + 1, OFFERS_SOUGHT_IN_VAIN)
        self._rest_until = now + self._misses / OFFERS_SOUGHT_PER_SECOND

    def found(self, kept: KeptOffer) -> None:
        """Record that somebody has what is offered."""
        if not kept.holders:
            self._misses, self._rest_until = 0, -inf

    def in_order(self, waiting: Iterable[KeptOffer], now: float) -> list[KeptOffer]:
        """
        Choose in which order to begin: what a neighbor has comes first, and then what came first.

        Where there are not enough turns it is chosen by lot, and all of one source have one share
        of that, however many they are (Efraimidis and Spirakis, 2006: weighted random sampling).
        """
        waiting = sorted(waiting, key=lambda kept: not kept.holders)
        if len(waiting) <= self._turns.left(now):
            return waiting
        of_share = Counter(kept.share for kept in waiting)
        lots = {kept.offer.id: self._rng.random() ** of_share[kept.share] for kept in waiting}
        return sorted(waiting, key=lambda kept: (not kept.holders, -lots[kept.offer.id]))
