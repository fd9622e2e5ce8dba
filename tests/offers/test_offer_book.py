"""What is kept of offers, and whose goes where there are too many."""

from random import Random

import pytest

from p2p_twisted.offers.limits import OFFERS_KEPT
from p2p_twisted.offers.offer import BadOffer, Withdrawal
from p2p_twisted.offers.offer_book import OWN, Added, OfferBook
from p2p_twisted.trust.limits import STATEMENT_FRESH_SECONDS
from tests.offers.made_offers import KEY, NOW, an_offer, heard


class TestBook:
    """One peer's book."""

    def test_keeps_an_offer_once(self) -> None:
        book = OfferBook(Random(1))
        new = book.add(heard(), "ben", NOW).new
        assert new is not None
        assert new.offer == an_offer()
        assert book.add(heard(), "carl", NOW) == Added()
        assert book.all() == (new,)

    def test_takes_none_that_has_ended(self) -> None:
        book = OfferBook(Random(1))
        assert book.add(heard(), "ben", NOW + 3_599).new
        with pytest.raises(BadOffer, match="ended"):
            book.add(heard(size=7), "ben", NOW + 3_600)

    def test_takes_none_from_the_future(self) -> None:
        book = OfferBook(Random(1))
        assert book.add(heard(), "ben", NOW - STATEMENT_FRESH_SECONDS).new
        with pytest.raises(BadOffer, match="clock"):
            book.add(heard(size=7), "ben", NOW - STATEMENT_FRESH_SECONDS - 1)

    def test_forgets_what_has_ended(self) -> None:
        book = OfferBook(Random(1))
        book.add(heard(), "ben", NOW)
        book.add(heard(until=NOW + 9_000), "ben", NOW)
        assert [each.offer for each in book.expire(NOW + 3_600)] == [an_offer()]
        assert [each.offer.until for each in book.all()] == [NOW + 9_000]

    def test_names_first_whose_are_fewest(self) -> None:
        book = OfferBook(Random(1))
        for size in range(1, 4):
            book.add(heard(sender="mallory", size=size), "ben", NOW)
        book.add(heard(sender="anna"), "ben", NOW)
        senders = [kept.offer.sender for kept in book.rarest_first(book.ids())]
        assert senders == ["anna", "mallory", "mallory", "mallory"]

    def test_tells_those_who_ask_how_an_offer_was_withdrawn(self) -> None:
        book = OfferBook(Random(1))
        book.add(heard(), "ben", NOW)
        id_ = an_offer().id
        ended = book.withdraw(Withdrawal(id_, KEY), "its end")
        assert ended is not None
        assert book.texts([id_, id_, "0" * 32]) == ("its end",)
        assert book.withdrawn([id_, "0" * 32]) == (id_,)
        assert book.withdraw(Withdrawal(id_, KEY), "again") is None
        assert book.add(heard(), "ben", NOW) == Added()
        assert book.ids() == ()

    def test_is_not_told_by_anybody_else_that_an_offer_has_ended(self) -> None:
        book = OfferBook(Random(1))
        book.add(heard(), "ben", NOW)
        assert book.withdraw(Withdrawal(an_offer().id, "6" * 32), "its end") is None
        assert book.withdraw(Withdrawal("0" * 32, KEY), "its end") is None
        assert book.withdrawn(book.ids()) == ()

    def test_does_not_let_who_claims_much_have_an_honest_offer_in_its_place(self) -> None:
        """Whoever says that it has what another one has, too, does not make it one of its many."""
        book = OfferBook(Random(1))
        kept = [book.add(heard(sender=f"s{number}"), "ben", NOW).new for number in range(6)]
        assert all(each is not None for each in kept)
        honest, *others = [each for each in kept if each is not None]
        book.held(honest, "anna")
        for other in others:
            book.held(other, "eve")
        book.held(honest, "eve")
        assert (honest.source, {each.source for each in others}) == ("anna", {"eve"})

    def test_has_who_offers_without_end_lose_what_is_its_own(self) -> None:
        """Offers of one neighbor for which there is no room cost nobody else a single one."""
        book = OfferBook(Random(1))
        honest = [heard(sender=f"s{number}") for number in range(50)]
        for number, each in enumerate(honest):
            book.add(each, f"link {number % 5}", NOW)
        own, fetched = heard(sender="me"), heard(sender="x", size=0)
        book.add(own, OWN, NOW)
        book.add(fetched, "mallory", NOW)
        kept = book.get(fetched.offer.id)
        assert kept is not None
        kept.is_pinned = True
        for number in range(10 * OFFERS_KEPT):
            book.add(heard(sender="x", size=number + 1), "mallory", NOW)
        assert len(book.all()) == OFFERS_KEPT
        assert book.missing(each.offer.id for each in (*honest, own, fetched)) == ()

    def test_keeps_what_there_is_rather_than_what_is_talked_of(self) -> None:
        """What a neighbor has, or this peer, is not forgotten for what that neighbor passes on."""
        book = OfferBook(Random(1))
        near, here, talked_of = (heard(sender=f"s{number}") for number in range(3))
        for each in (near, here, talked_of):
            book.add(each, "ben", NOW)
        [has_it, is_here, _] = book.all()
        book.held(has_it, "ben")
        is_here.is_here = True
        for number in range(10 * OFFERS_KEPT):
            book.add(heard(sender=f"x{number}"), "ben", NOW)
        assert len(book.all()) == OFFERS_KEPT
        assert book.missing(each.offer.id for each in (near, here, talked_of)) == (
            talked_of.offer.id,
        )

    def test_is_not_had_to_forget_by_whoever_says_it_has_it_too(self) -> None:
        """Who claims to have it, and far too many others, takes no place from who has it."""
        book = OfferBook(Random(1))
        honest = book.add(heard(sender="anna"), "mallory", NOW).new
        assert honest is not None
        for holder in ("mallory", "ben"):
            book.held(honest, holder)
        for number in range(10 * OFFERS_KEPT):
            made_up = book.add(heard(sender=f"x{number}"), "mallory", NOW).new
            if made_up is not None:
                book.held(made_up, "mallory")
            if number % OFFERS_KEPT == 0:
                book.held(honest, "mallory")
                book.held(honest, "ben")
        assert book.get(honest.offer.id) is honest

    def test_does_not_have_an_honest_name_lose_first(self) -> None:
        """Who offers a few things has not offered most because others take a name for each."""
        stayed = 0
        for seed in range(20):
            book = OfferBook(Random(seed))
            honest = [heard(sender="anna", size=number) for number in range(3)]
            for each in honest:
                book.add(each, "ben", NOW)
            for number in range(OFFERS_KEPT):
                book.add(heard(sender=f"x{number}"), "ben", NOW)
            stayed += not book.missing(each.offer.id for each in honest)
        assert stayed > 10

    def test_forgets_by_chance(self) -> None:
        """Otherwise who comes last would decide what is forgotten, or would never be heard."""
        stays = set()
        for seed in range(20):
            book = OfferBook(Random(seed))
            for number in range(OFFERS_KEPT):
                book.add(heard(size=number), "mallory", NOW)
            added = book.add(heard(size=OFFERS_KEPT), "mallory", NOW)
            stays.add(added.forgotten and added.forgotten.offer.size)
            assert len(book.all()) == OFFERS_KEPT
        assert len(stays) > 5

    def test_takes_no_more_where_all_are_to_stay(self) -> None:
        book = OfferBook(Random(1))
        for number in range(OFFERS_KEPT):
            book.add(heard(size=number), OWN, NOW)
        assert book.add(heard(size=OFFERS_KEPT), "ben", NOW) == Added()
        assert len(book.all()) == OFFERS_KEPT
