"""When a peer looks for what is offered, where much is that nobody has."""

from random import Random

from p2p_twisted.offers.limits import (
    OFFERS_SOUGHT_BURST,
    OFFERS_SOUGHT_IN_VAIN,
    OFFERS_SOUGHT_PER_SECOND,
)
from p2p_twisted.offers.offer_book import KeptOffer
from p2p_twisted.offers.offer_turns import OfferTurns
from tests.offers.made_offers import heard


def kept(number: int, source: str = "mallory", *holders: str) -> KeptOffer:
    return KeptOffer(heard(sender=f"x{number}"), source, holders=set(holders))


def begin(turns: OfferTurns, number: int, now: float, *holders: str) -> bool:
    """Begin one, if it may."""
    may = turns.may_begin(each := kept(number, "mallory", *holders), now)
    if may:
        turns.begins(each)
    return may


def test_so_many_a_second() -> None:
    """Many begin at once, and then so many a second; none that has just come goes first."""
    turns = OfferTurns(Random(1))
    assert sum(begin(turns, number, 0.0) for number in range(1_000)) == OFFERS_SOUGHT_BURST
    for now in range(1, 11):
        # There is a turn by now, but others wait for it.
        assert not begin(turns, 0, now / OFFERS_SOUGHT_PER_SECOND)
        turns.are_awaited = False
        assert begin(turns, 0, now / OFFERS_SOUGHT_PER_SECOND)
        assert not begin(turns, 1, now / OFFERS_SOUGHT_PER_SECOND)


def test_what_a_neighbor_has() -> None:
    """It waits for no turn, and takes none."""
    turns = OfferTurns(Random(1))
    assert all(begin(turns, number, 0.0, "ben") for number in range(1_000))
    assert begin(turns, 0, 0.0)


def test_what_nobody_has() -> None:
    """The more was looked for in vain in a row, the rarer others are asked, until one is found."""
    turns = OfferTurns(Random(1))

    def begun(first: int, last: int) -> int:
        seen = 0
        for now in range(first, last):
            turns.are_awaited = False
            if begin(turns, now, float(now)):
                seen += 1
                turns.missed(float(now))
        return seen

    # After 1 s, 2 s and so on.
    assert begun(0, 210) == OFFERS_SOUGHT_IN_VAIN
    assert begun(210, 1_211) == 1_000 / OFFERS_SOUGHT_IN_VAIN + 1
    # What a neighbor has comes at once, and says nothing of the rest.
    assert begin(turns, 0, 1_211.0, "ben")
    turns.found(kept(0, "mallory", "ben"))
    assert begun(1_211, 1_220) == 0
    turns.found(kept(0))
    assert begun(1_220, 1_223) == 2


def test_the_order() -> None:
    """Near ones come first, then by their age, while there are turns for all of them."""
    some = [kept(1), kept(2), kept(3, "mallory", "ben"), kept(4)]
    order = OfferTurns(Random(1)).in_order(some, 0.0)
    assert [each.offer.sender for each in order] == ["x3", "x1", "x2", "x4"]


def test_by_lot() -> None:
    """However many one source tells of, what another one does has its turn as soon."""
    many = [*(kept(number) for number in range(150)), kept(1_000, "ben")]
    first = sum(
        OfferTurns(Random(seed)).in_order(many, 0.0)[0].source == "ben" for seed in range(200)
    )
    assert 70 < first < 130
