"""Offers of a fake peer, for faces to show."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from twisted.internet.defer import Deferred
from zope.interface import implementer

from p2p_twisted.offers.board import Board, BoardState
from p2p_twisted.offers.offer import Offer
from p2p_twisted.offers.offers_interface import (
    HashingWatch,
    IOffers,
    KnownOffer,
    OfferWatch,
    Waited,
    unwatched_hashing,
)
from p2p_twisted.runtime.watches import Watches
from p2p_twisted.wire.names import MessageId

if TYPE_CHECKING:
    from tests.console.fake_peer import FakePeer

ISSUED = 1_800_000_000
WEEK = 7 * 86_400


def offer(number: int = 1, **more: Any) -> Offer:
    """Make an offer of s2's; ``number`` tells it from others."""
    usual = Offer(
        id=f"{number:032x}",
        file_id=f"{number:064x}",
        name="lesson.tar",
        size=2_048,
        sender="s2",
        to=("@all",),
        issued=ISSUED,
        until=ISSUED + WEEK,
        network="default",
        lock="0" * 32,
    )
    return msgspec.structs.replace(usual, **more)


def own(number: int = 1, **more: Any) -> KnownOffer:
    """Make one that the fake peer has made itself."""
    return KnownOffer(number, offer(number, **more))


def received(number: int = 2, state: Any = "asked", **more: Any) -> KnownOffer:
    """Make one that s4 has made, and how the fake peer is with it."""
    known = attrs.fields_dict(KnownOffer)
    of_offer = {name: value for name, value in more.items() if name not in known}
    of_known = {name: value for name, value in more.items() if name in known}
    return KnownOffer(number, offer(number, **{"sender": "s4", **of_offer}), state, **of_known)


@implementer(IOffers)
class FakeOffers:
    """
    Answers from the queues of a fake peer.

    :ivar known: what there is.
    :ivar people: how many attend.
    :ivar watches: what is told of offers.
    :ivar hashing: what pushes tell how far it has been hashed, oldest first.
    """

    def __init__(self, peer: "FakePeer") -> None:
        self._peer = peer
        self.known: tuple[KnownOffer, ...] = ()
        self.people = 0
        self.watches: Watches[KnownOffer] = Watches()
        self.hashing: list[HashingWatch] = []

    def push(
        self,
        name: str,
        to: Sequence[str],
        seconds: float,
        into: str | None = None,
        watch: HashingWatch = unwatched_hashing,
    ) -> "Deferred[KnownOffer]":
        self.hashing.append(watch)
        return self._peer._answer("push", own(name=name), name, tuple(to), seconds, into)

    def withdraw(self, offer: MessageId) -> "Deferred[None]":
        return self._peer._answer("withdraw", None, offer)

    def own(self) -> tuple[KnownOffer, ...]:
        return tuple(each for each in self.known if each.state is None)

    def received(self) -> tuple[KnownOffer, ...]:
        return tuple(each for each in self.known if each.state is not None)

    def answer(self, offer: MessageId, accept: bool) -> None:
        self._peer.asked.append(("answer", offer, accept))

    def is_here(self, offer: Offer) -> "Deferred[bool]":
        return self._peer._answer("is_here", True, offer.id)

    def attend(self) -> Callable[[], None]:
        self.people += 1

        def leave() -> None:
            self.people -= 1

        return leave

    def look(self, offer: MessageId) -> "Deferred[Board]":
        [known] = [each for each in self.known if each.offer.id == offer]
        counts: dict[BoardState, int] = {"saved": 28, "fetching": 1, "off": 1}
        return self._peer._answer("look", Board(known.offer, counts), offer)

    def wait(self, offer: MessageId, seconds: float) -> "Deferred[Waited]":
        [known] = [each for each in self.known if each.offer.id == offer]
        waited = Waited(Board(known.offer, {"saved": 28}, is_done=True))
        return self._peer._answer("wait", waited, offer, seconds)

    def watch(self, watch: OfferWatch) -> Callable[[], None]:
        return self.watches.watch(watch)
