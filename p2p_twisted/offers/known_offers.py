"""The offers that a person at a peer hears of, each with a number."""

from collections.abc import Callable
from typing import Any

import attrs
from attrs import define, field, frozen

from p2p_twisted.offers.offer import Offer
from p2p_twisted.runtime.watches import Watches
from p2p_twisted.wire.messages import ReceiptState
from p2p_twisted.wire.names import MessageId


@frozen
class KnownOffer:
    """
    An offer that this peer has made, or that is meant for it.

    :ivar number: what a person calls it by in this run; none is used twice.
    :ivar state: how far this peer is with it; ``None`` with its own.
    :ivar download: the number of the download that fetches it, once there is one.
    :ivar reason: why it is refused or has failed, for people.
    :ivar is_over: whether it has ended, by its date or because its sender has withdrawn it.
    :ivar left_out: how many entries of its own folder this peer does not share, if it was pushed
        in this run.
    """

    number: int
    offer: Offer
    state: ReceiptState | None = None
    download: int | None = None
    reason: str = ""
    is_over: bool = False
    left_out: int = 0


OfferWatch = Callable[[KnownOffer], None]
"""Is told of an offer when it comes, when its state changes, and when it is over."""


@define(eq=False)
class KnownOffers:
    """What this peer offers, and what is offered to it; tells those who watch of each change."""

    _known: dict[MessageId, KnownOffer] = field(factory=dict, init=False)
    _last_number: int = field(default=0, init=False)
    _watches: Watches[KnownOffer] = field(factory=Watches, init=False)

    def add(self, offer: Offer, state: ReceiptState | None, left_out: int = 0) -> KnownOffer:
        """Give an offer a number."""
        self._last_number += 1
        known = self._known[offer.id] = KnownOffer(
            self._last_number, offer, state, left_out=left_out
        )
        self._watches.tell(known)
        return known

    def get(self, id_: MessageId) -> KnownOffer | None:
        """Return an offer."""
        return self._known.get(id_)

    def all(self) -> tuple[KnownOffer, ...]:
        """Return all, in the order of the numbers."""
        return tuple(self._known.values())

    def change(self, id_: MessageId, **changes: Any) -> None:
        """Have something else be true of an offer, unless it is over."""
        before = self._known.get(id_)
        if before is None:
            return
        after = self._known[id_] = attrs.evolve(before, **changes)
        if after != before:
            self._watches.tell(after)

    def end(self, id_: MessageId) -> None:
        """Forget an offer that is over, if it is known."""
        known = self._known.pop(id_, None)
        if known is not None:
            self._watches.tell(attrs.evolve(known, is_over=True))

    def watch(self, watch: OfferWatch) -> Callable[[], None]:
        """Tell of changes from now on; return what ends that."""
        return self._watches.watch(watch)
