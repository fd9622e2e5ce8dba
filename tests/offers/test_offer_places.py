"""Whose offers have the few places at a peer, of many that are made to it."""

from collections import Counter
from itertools import count
from random import Random
from typing import Any

import pytest
from twisted.internet.task import Clock

from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.offers.crowded_files import CrowdedFiles
from p2p_twisted.offers.known_offers import KnownOffers
from p2p_twisted.offers.limits import OFFERS_ASKED
from p2p_twisted.offers.offer_book import HeardOffer, KeptOffer, OfferBook
from p2p_twisted.offers.offer_fetching import FetchingParts
from p2p_twisted.offers.offer_judge import OfferJudge
from p2p_twisted.offers.offer_taking import OfferTaking
from p2p_twisted.wire.names import MessageId
from tests.offers.made_offers import an_offer

OTHERS = ("anna", "ben", "carl", "dora", "emil", "fred")


class Places:
    """
    A peer that hears offers, and nothing comes of what it fetches.

    :param word: what it does with all of them.
    """

    def __init__(self, word: str) -> None:
        nothing: Any = None
        self.taking = OfferTaking(
            rule=AcceptRule((word,)),
            book=OfferBook(Random(1)),
            judge=OfferJudge("me", "default"),
            known=KnownOffers(),
            parts=FetchingParts(
                clock=Clock(),
                rng=Random(1),
                downloads=nothing,
                find=nothing,
                near=nothing,
                crowded=CrowdedFiles(),
                here=nothing,
                space=nothing,
            ),
            shares=nothing,
        )
        self.sources: dict[MessageId, str] = {}
        self.numbers = count()
        self.taking.start()

    def hear(self, source: str, sender: str | None = None) -> None:
        """Hear one more offer by way of a neighbor."""
        offer = an_offer(file_id=f"{next(self.numbers):064x}", sender=sender or source)
        self.sources[offer.id] = source
        self.taking.heard(KeptOffer(HeardOffer(offer, ""), source))

    def taken(self) -> set[MessageId]:
        """Return which offers have places."""
        received = self.taking._received.values()
        return {
            each.id
            for each in received
            if each.is_fetched or self.taking._state_of(each) == "asked"
        }

    def of_each(self) -> Counter[str]:
        """Count the places by the neighbors that have told of them."""
        return Counter(self.sources[id_] for id_ in self.taken())


@pytest.mark.parametrize("word", ["ask", "anyone"])
@pytest.mark.parametrize("has_names", [False, True])
def test_many_sources(word: str, has_names: bool) -> None:
    """Whoever has most makes room for who comes, and for nobody else is any given up."""
    places = Places(word)

    def flood() -> None:
        for number in range(2 * OFFERS_ASKED):
            places.hear("mallory", f"m{number}" if has_names else None)

    flood()
    most = places.of_each()["mallory"]
    for other in OTHERS:
        places.hear(other)
    assert places.of_each() == {
        "mallory": most - len(OTHERS) if word == "ask" else 2,
        **dict.fromkeys(OTHERS, 1),
    }
    before = places.taken()
    flood()
    assert places.taken() == before


@pytest.mark.parametrize("word", ["ask", "anyone"])
def test_as_many_as_others(word: str) -> None:
    """Those who have as many as each other do not take places from each other."""
    places = Places(word)
    for _ in range(2 * OFFERS_ASKED):
        for source in OTHERS:
            places.hear(source)
    before = places.taken()
    counts = places.of_each().values()
    assert len(counts) == len(OTHERS)
    assert max(counts) - min(counts) <= 1
    for _ in range(3):
        for source in OTHERS:
            places.hear(source)
        places.taking.consider(again=True)
    assert places.taken() == before
