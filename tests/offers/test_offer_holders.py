"""Who says that it has what is offered, and how far that is believed."""

import pytest

from p2p_twisted.offers.limits import (
    OFFERS_HELD_IN_VAIN,
    OFFERS_HELD_IN_VAIN_AGAIN_SECONDS,
    OFFERS_KEPT,
    OFFERS_TOLD_BURST,
)
from p2p_twisted.offers.offer_book import OWN, KeptOffer
from p2p_twisted.wire.messages import Offers
from tests.offers.made_offers import NOW, an_offer, heard
from tests.offers.test_offer_exchange import Node, talk, text


def hold(node: Node, **said: object) -> KeptOffer:
    """Have a peer have what was offered to it."""
    kept = node.book.get(heard(**said).offer.id)
    assert kept is not None
    node.exchange.hold(kept)
    return kept


def test_who_has_it() -> None:
    """Neighbors hear who has what is offered, those that come later as well, and once each."""
    anna, ben, carl = Node("anna"), Node("ben"), Node("carl")
    anna.link(ben)
    ben.link(carl)
    talk(anna, ben, carl)
    anna.book.add(heard(), OWN, NOW)
    hold(anna)
    talk(anna, ben, carl)
    [of_ben], [of_carl] = ben.book.all(), carl.book.all()
    assert (of_ben.holders, of_carl.holders) == ({"anna"}, set())
    hold(ben)
    assert talk(anna, ben, carl) == [Offers(held=(of_ben.text,))]
    assert (of_ben.holders, of_carl.holders, carl.found) == ({"anna"}, {"ben"}, [of_carl.offer.id])
    dora = Node("dora")
    ben.link(dora)
    talk(ben, dora)
    assert dora.book.all()[0].holders == {"ben"}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["broadcasts", "texts"])
def test_behind_a_neighbor(way: str) -> None:
    """Ten thousand names behind a neighbor do not keep from others what that neighbor has."""
    anna, ben, carl, mallory = Node("anna"), Node("ben"), Node("carl"), Node("mallory")
    for other in (anna, carl, mallory):
        ben.link(other)
    talk(anna, ben, carl, mallory)

    def flood(begin: int) -> None:
        for number in range(begin, begin + 5_000):
            made_up = text(sender=f"x{number}")
            ben.wait(1)
            carl.wait(1)
            if way == "texts":
                ben.exchange.told(ben.at(mallory), Offers(texts=(made_up,)))
            else:
                ben.hear(made_up, mallory)
                carl.hear(made_up, ben)
            talk(ben, carl)

    flood(0)
    anna.book.add(heard(), OWN, NOW)
    hold(anna)
    talk(anna, ben, carl)
    hold(ben)
    flood(5_000)
    assert carl.book.missing([an_offer().id]) == ()
    assert len(carl.book.all()) == OFFERS_KEPT


def test_who_says_so_in_vain() -> None:
    """Who is found not to have what it says is believed so often, and again after a while."""
    anna, mallory = Node("anna"), Node("mallory")
    anna.link(mallory)
    talk(anna, mallory)

    def times_believed(number: int) -> int:
        anna.exchange.told(anna.at(mallory), Offers(held=(text(size=number),)))
        kept = anna.book.by_text(text(size=number))
        assert kept is not None
        times = 0
        while kept.holders:
            anna.exchange._taking.in_vain.tell(kept)
            times += 1
        return times

    # It has some of one offer, and nothing of others.
    assert [times_believed(number) for number in range(3)] == [OFFERS_HELD_IN_VAIN, 0, 0]
    anna.clock += OFFERS_HELD_IN_VAIN_AGAIN_SECONDS
    assert times_believed(1) == 1


def test_who_says_so_without_end() -> None:
    """No more of that is heard from a neighbor than its share."""
    anna, mallory = Node("anna"), Node("mallory")
    anna.link(mallory)
    talk(anna, mallory)
    for number in range(1_000):
        some = tuple(text(size=each) for each in range(number * 10, number * 10 + 10))
        anna.exchange.told(anna.at(mallory), Offers(held=some))
    assert len(anna.heard) == OFFERS_TOLD_BURST


@pytest.mark.parametrize(("age", "is_late"), [(9, False), (11, True)])
def test_of_who_has_it_before_it_was_broadcast(age: int, is_late: bool) -> None:
    """Who hears of it so has come later only where it was offered long ago."""
    anna, ben = Node("anna"), Node("ben")
    anna.link(ben)
    talk(anna, ben)
    fresh = text(issued=NOW - age)
    ben.exchange.told(ben.at(anna), Offers(held=(fresh,)))
    [kept] = ben.book.all()
    assert kept.is_late is is_late
