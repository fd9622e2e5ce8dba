"""
Keep what is offered in a network until it ends, for those who come later.

There is a bound. Where more is offered, whoever has said most loses some of it, at random: so one
that offers without end takes the place of its own, and not of what others offer. In a private
network that is who has signed it. In an open one nobody has proved a name: there it is the neighbor
from which most has come, and of what that has told, the name in which more than half of it was:
others can take a new name for each offer, and then who offers two would have offered most. What
a neighbor says it has itself is apart from what it passes on, and so is what this peer has: what
there is does not make way for what is only talked of.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from p2p_twisted.offers.limits import OFFERS_KEPT
from p2p_twisted.offers.offer import BadOffer, Offer, Withdrawal
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.limits import STATEMENT_FRESH_SECONDS
from p2p_twisted.wire.names import MessageId, PeerName

if TYPE_CHECKING:
    from random import Random

OWN: Final = ""
"""The source of what this peer offers itself."""


@frozen
class HeardOffer:
    """
    An offer, as somebody has written it.

    :ivar text: to be passed on.
    :ivar signer: who has signed it, in a private network; what it says holds as far as that does.
    """

    offer: Offer
    text: str
    signer: VerifiedCertificate | None = None


@define(eq=False)
class KeptOffer:
    """
    An offer that a peer keeps.

    :ivar source: whose share of the book it takes.
    :ivar is_pinned: whether it stays, however many there are.
    :ivar is_here: whether this peer has what it offers, or some of it.
    :ivar holders: the neighbors that say so of themselves.
    :ivar withdrawal: what has ended it.
    :ivar is_late: whether it was not heard as it was broadcast, as this peer came later.
    """

    heard: HeardOffer
    source: str
    is_pinned: bool = False
    withdrawal: str | None = None
    is_late: bool = False
    is_here: bool = False
    holders: set[PeerName] = field(factory=set)

    @property
    def share(self) -> tuple[str, str]:
        """What it takes a place of, and others of its kind and source with it."""
        return self.source, "here" if self.is_here else "near" if self.holders else ""

    @property
    def offer(self) -> Offer:
        """What is offered."""
        return self.heard.offer

    @property
    def text(self) -> str:
        """What one is to hear that has not heard of it, or only of the offer."""
        return self.withdrawal or self.heard.text


@frozen
class Added:
    """
    What came of an offer that was heard.

    :ivar new: the offer, if it was not known and stays: only then is it worth passing on.
    :ivar forgotten: which one was forgotten for it.
    """

    new: KeptOffer | None = None
    forgotten: KeptOffer | None = None


@define
class OfferBook:
    """What is offered in one network; all dates are in seconds since 1970."""

    _rng: "Random"
    _kept: dict[MessageId, KeptOffer] = field(factory=dict)

    def get(self, id_: MessageId) -> KeptOffer | None:
        """Return an offer, also one that was withdrawn."""
        return self._kept.get(id_)

    def all(self) -> tuple[KeptOffer, ...]:
        """Return all that is kept, also what was withdrawn."""
        return tuple(self._kept.values())

    def ids(self) -> tuple[MessageId, ...]:
        """Return what has not ended, by its names."""
        return tuple(id_ for id_, kept in self._kept.items() if kept.withdrawal is None)

    def by_text(self, text: str) -> KeptOffer | None:
        """Return an offer, so that it need not be read again."""
        return next((kept for kept in self._kept.values() if kept.heard.text == text), None)

    def missing(self, ids: Iterable[MessageId]) -> tuple[MessageId, ...]:
        """Leave out what is kept."""
        return tuple(id_ for id_ in dict.fromkeys(ids) if id_ not in self._kept)

    def texts(self, ids: Iterable[MessageId]) -> tuple[str, ...]:
        """Return what those are to hear who ask for some."""
        return tuple(self._kept[id_].text for id_ in dict.fromkeys(ids) if id_ in self._kept)

    def rarest_first(self, ids: Iterable[MessageId]) -> list[KeptOffer]:
        """Return some that are kept; those first of whose kind, source and sender are fewest."""
        of_share = Counter(kept.share for kept in self._kept.values())
        of_sender = Counter((kept.share, kept.offer.sender) for kept in self._kept.values())
        found = [self._kept[id_] for id_ in ids if id_ in self._kept]
        return sorted(
            found,
            key=lambda kept: (of_share[kept.share], of_sender[kept.share, kept.offer.sender]),
        )

    def withdrawn(self, ids: Iterable[MessageId]) -> tuple[MessageId, ...]:
        """Return those of some offers that have been withdrawn."""
        found = (self._kept.get(id_) for id_ in dict.fromkeys(ids))
        return tuple(kept.offer.id for kept in found if kept and kept.withdrawal)

    def add(self, heard: HeardOffer, source: str, now: float) -> Added:
        """
        Keep an offer.

        :param source: whose share it takes.
        :raises BadOffer: when it has ended, or not begun.
        """
        offer = heard.offer
        if offer.id in self._kept:
            return Added()
        if offer.until <= now:
            raise BadOffer(f"what {offer.sender} has offered has ended")
        if offer.issued > now + STATEMENT_FRESH_SECONDS:
            raise BadOffer(
                f"{offer.sender} offers something later than by this machine's clock: one of the"
                " two is wrong"
            )
        new = self._kept[offer.id] = KeptOffer(heard, source, is_pinned=source == OWN)
        forgotten = self._make_room() if len(self._kept) > OFFERS_KEPT else None
        return Added() if forgotten is new else Added(new, forgotten)

    def held(self, kept: KeptOffer, neighbor: PeerName) -> None:
        """
        Record that a neighbor says it has what is offered.

        In an open network it takes a place of that neighbor's, or of another one that says so, if
        that has fewer: otherwise who makes offers up would have those go that others have.
        """
        said_by = (kept.source, neighbor) if kept.holders else (neighbor,)
        kept.holders.add(neighbor)
        if kept.heard.signer is None and kept.source != OWN:
            near = [each.source for each in self._kept.values() if each.share[1] == "near"]
            kept.source = min(said_by, key=near.count)

    def withdraw(self, withdrawal: Withdrawal, text: str) -> KeptOffer | None:
        """
        End an offer before its time.

        :returns: what has ended by that; ``None`` where the key does not fit, or it had ended.
        """
        kept = self._kept.get(withdrawal.offer)
        if kept is None or kept.withdrawal is not None or not withdrawal.ends(kept.offer):
            return None
        kept.withdrawal = text
        return kept

    def expire(self, now: float) -> tuple[KeptOffer, ...]:
        """Forget what has ended by its date; return that."""
        return self._drop([each for each in self._kept.values() if each.offer.until <= now])

    def drop(self, ids: Iterable[MessageId]) -> tuple[KeptOffer, ...]:
        """Forget some, which do not count any more; return those."""
        return self._drop([self._kept[id_] for id_ in ids])

    def _drop(self, some: list[KeptOffer]) -> tuple[KeptOffer, ...]:
        for each in some:
            del self._kept[each.offer.id]
        return tuple(some)

    def _make_room(self) -> KeptOffer | None:
        """Forget one of those of who has most; return it."""
        found = crowding(each for each in self._kept.values() if not each.is_pinned)
        return self._drop([self._rng.choice(found)])[0] if found else None


def crowding(places: Iterable[KeptOffer]) -> Sequence[KeptOffer]:
    """Return, of some, those of who has most of them."""
    by_source = _of_most(places, lambda kept: kept.share)
    by_sender = _of_most(by_source, lambda kept: kept.offer.sender)
    return by_sender if 2 * len(by_sender) > len(by_source) else by_source


def _of_most(
    places: Iterable[KeptOffer], whose: Callable[[KeptOffer], Hashable]
) -> list[KeptOffer]:
    of_each: dict[Hashable, list[KeptOffer]] = {}
    for kept in places:
        of_each.setdefault(whose(kept), []).append(kept)
    most = max(map(len, of_each.values()), default=0)
    return [kept for each in of_each.values() if len(each) == most for kept in each]
