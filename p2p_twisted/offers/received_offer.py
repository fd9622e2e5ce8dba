"""An offer that is meant for this peer, and which of several makes room for another one."""

from collections.abc import Sequence
from typing import Final

from attrs import define

from p2p_twisted.offers.offer_book import KeptOffer, crowding
from p2p_twisted.offers.offer_fetching import OfferFetching
from p2p_twisted.wire.names import MessageId

_MISSES_WITHOUT_DELAY: Final = 3
_MOST_PASSED_OVER: Final = 16


@define(eq=False)
class ReceivedOffer:
    """
    An offer that is meant for this peer.

    :ivar hops: how far its sender is.
    :ivar is_taken: whether it is to be had, now or once there is room.
    :ivar is_recalled: whether an earlier run took it.
    :ivar is_said: whether a person has said so, or has refused it.
    :ivar fetching: what was last done to have it.
    :ivar is_fetched: whether that goes on.
    :ivar misses: how often nobody had it.
    :ivar passed_over: how many more times it is not looked for, because of that.
    """

    kept: KeptOffer
    hops: int = 1
    is_taken: bool = False
    is_recalled: bool = False
    is_said: bool = False
    fetching: OfferFetching | None = None
    is_fetched: bool = False
    misses: int = 0
    passed_over: int = 0

    @property
    def id(self) -> MessageId:
        """What the offer is called."""
        return self.kept.offer.id

    def missed(self) -> None:
        """Record that nobody had it; it is looked for again ever more rarely."""
        self.passed_over = min(2 ** max(0, self.misses - _MISSES_WITHOUT_DELAY), _MOST_PASSED_OVER)
        self.misses += 1


def weight(places: Sequence[ReceivedOffer], newcomer: ReceivedOffer) -> int:
    """Count the places of who has told of a newcomer, and once more those of its sender."""
    of_source = [each.kept for each in places if each.kept.share == newcomer.kept.share]
    sender = newcomer.kept.offer.sender
    return len(of_source) + sum(kept.offer.sender == sender for kept in of_source)


def makes_room(places: Sequence[ReceivedOffer], newcomer: ReceivedOffer) -> ReceivedOffer | None:
    """Return which of some is to make room: one of whoever has most, unless that is who comes."""
    found = crowding(each.kept for each in (*places, newcomer))
    if newcomer.kept in found:
        return None
    return next(each for each in reversed(places) if each.kept in found)
