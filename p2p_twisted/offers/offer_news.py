"""Decide which new offers a neighbor is named, and when."""

from collections.abc import Iterable

from attrs import define, field

from p2p_twisted.offers.limits import OFFERS_NAMED_BURST, OFFERS_NAMED_PER_SECOND
from p2p_twisted.offers.offer_book import KeptOffer, OfferBook
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.codec import packed
from p2p_twisted.wire.messages import Offers
from p2p_twisted.wire.names import MessageId


@define
class OfferNews:
    """
    What one neighbor is to be named: no more at a time than it may ask for.

    Those come first of whose kind, source and sender there are fewest, so that who offers without
    end keeps back its own.
    """

    _book: OfferBook
    _ids: dict[MessageId, None] = field(factory=dict, init=False)
    _allowance: TokenBucket = field(
        factory=lambda: TokenBucket(OFFERS_NAMED_PER_SECOND, OFFERS_NAMED_BURST), init=False
    )

    @property
    def are_waiting(self) -> bool:
        """Whether some are still to be named."""
        return bool(self._ids)

    def add(self, some: Iterable[KeptOffer]) -> None:
        """Have some be named."""
        self._ids.update((kept.offer.id, None) for kept in some)

    def take(self, now: float) -> list[Offers]:
        """Return what to say at the time ``now``, in seconds on the monotonic clock."""
        if not self._ids:
            return []
        news = self._book.rarest_first(self._ids)
        named = news[: self._allowance.left(now)]
        self._allowance.spend(len(named))
        self._ids = {kept.offer.id: None for kept in news[len(named) :]}
        known = tuple(kept.offer.id for kept in named if kept.withdrawal is None)
        ends = [kept.withdrawal for kept in named if kept.withdrawal is not None]
        lines = packed(ends, lambda part: Offers(texts=part))
        return [*([Offers(known=known)] if known else []), *lines]
