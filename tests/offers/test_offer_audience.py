"""Who has an offer, who has not, and who is off, from one look to the next."""

from p2p_twisted.offers.limits import AUDIENCE_NAMED
from p2p_twisted.offers.look import Look
from p2p_twisted.offers.offer_audience import OfferAudience
from p2p_twisted.wire.limits import RECEIPTS_NAMED
from p2p_twisted.wire.messages import Receipt, ReceiptState, Tally
from tests.offers.made_offers import an_offer

SIZE = 1_000
OFFER = an_offer(size=SIZE)


def a_look(*receipts: Receipt, **changed: object) -> Look:
    """Look at receivers that all are named, and at the sender, who asks."""
    tally = Tally(unmeant=1)
    for receipt in receipts:
        tally = tally.plus(Tally.of(receipt, SIZE))
    said: dict[str, object] = {"tally": tally, "receipts": receipts, "answered": tally.peers}
    return Look(**{**said, **changed})  # type: ignore[arg-type]


def a_receipt(peer: str, state: ReceiptState = "saved", received: int = SIZE) -> Receipt:
    return Receipt(peer, state, received)


def all_saved(number: int, late: int = 0) -> Look:
    """Look at very many receivers, of which some are named."""
    tally = Tally(unmeant=1, saved=number, late=late, received=number * SIZE)
    named = tuple(a_receipt(f"x{index}") for index in range(RECEIPTS_NAMED))
    return Look(tally=tally, receipts=named, answered=number + 1)


class TestBoard:
    """What one look says."""

    def test_all_have_it(self) -> None:
        board = OfferAudience(OFFER, 0.0).board(a_look(a_receipt("ben"), a_receipt("carl")), 0.0)
        assert board.counts["saved"] == board.receivers == 2
        assert (board.received, board.share) == (2 * SIZE, 1.0)
        assert board.is_done
        assert board.have_all
        assert board.seconds_left is None

    def test_one_is_fetching(self) -> None:
        """The last one decides how long it takes, and those that have not begun come behind it."""
        audience = OfferAudience(OFFER, 0.0)
        coming = Receipt("ben", "fetching", 600, 100.0)
        board = audience.board(a_look(coming, a_receipt("carl")), 0.0)
        assert (board.seconds_left, board.rate) == (4.0, 100.0)
        assert board.share == 0.8
        assert not board.is_done
        waiting = a_receipt("dora", "waiting", 0)
        assert audience.board(a_look(coming, waiting), 1.0).seconds_left == 14.0

    def test_unknown_rate(self) -> None:
        board = OfferAudience(OFFER, 0.0).board(a_look(a_receipt("ben", "fetching", 0)), 0.0)
        assert board.seconds_left is None

    def test_not_all_want_it(self) -> None:
        """Who refuses has not got it, and is not waited for."""
        receipts = (a_receipt("ben"), a_receipt("carl", "refused", 0), Receipt("dora", "no space"))
        board = OfferAudience(OFFER, 0.0).board(a_look(*receipts), 0.0)
        assert board.is_done
        assert not board.have_all
        assert board.share == 1.0

    def test_nobody_takes_it(self) -> None:
        """Nothing of it is anywhere: that is not all of it."""
        for receipts in ((), (a_receipt("ben", "refused", 0),), (a_receipt("ben", "failed", 0),)):
            board = OfferAudience(OFFER, 0.0).board(a_look(*receipts), 0.0)
            assert board.is_done
            assert board.share == 0.0

    def test_person_is_asked(self) -> None:
        board = OfferAudience(OFFER, 0.0).board(a_look(a_receipt("ben", "asked", 0)), 0.0)
        assert not board.is_done

    def test_empty_file(self) -> None:
        audience = OfferAudience(an_offer(size=0), 0.0)
        assert audience.board(a_look(Receipt("ben", "waiting")), 0.0).share == 0.0
        assert audience.board(a_look(Receipt("ben", "saved")), 1.0).share == 1.0

    def test_made_up(self) -> None:
        """However much others say that they have: it is no more than there is."""
        tally = Tally(saved=1, fetching=1, received=2**60, rate=1.0)
        board = OfferAudience(OFFER, 0.0).board(Look(tally=tally, answered=2), 0.0)
        assert board.received == 2 * SIZE
        assert board.share == 1.0
        assert board.seconds_left == 0.0

    def test_pace(self) -> None:
        """Ten thousand are looked at once a minute, and so are a million that somebody makes up."""
        audience = OfferAudience(OFFER, 0.0)
        peers = [(2, 1.0), (51, 1.0), (1_000, 6.0), (10_000, 60.0), (1_000_000, 60.0)]
        for answered, seconds in peers:
            look = a_look(tally=Tally(unmeant=answered), answered=answered)
            assert audience.board(look, 0.0).look_again == seconds


class TestUnaware:
    """Some answer and do not know of the offer."""

    def test_not_yet(self) -> None:
        """It may not have reached them yet."""
        audience = OfferAudience(OFFER, 5.0)
        look = a_look(a_receipt("ben"), answered=4)
        board = audience.board(look, 5.0)
        assert (board.unaware, board.look_again) == (2, 1.0)
        assert not board.is_done
        board = audience.board(look, 15.0)
        assert board.is_done
        assert not board.have_all

    def test_newcomer(self) -> None:
        """Who has just come has not heard of it yet: that does not end it."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(a_look(a_receipt("ben", "fetching", 1)), 30.0)
        newcomer = a_look(a_receipt("ben"), answered=3)
        assert not audience.board(newcomer, 31.0).is_done
        board = audience.board(a_look(a_receipt("ben"), a_receipt("carl")), 32.0)
        assert (board.is_done, board.have_all) == (True, True)

    def test_now_and_then(self) -> None:
        """Whoever makes up newcomers without end does not have it waited for without end."""
        audience = OfferAudience(OFFER, 0.0)
        for second in range(60):
            look = a_look(a_receipt("ben"), answered=3 + second % 2)
            assert not audience.board(look, float(second)).is_done
        assert audience.board(a_look(a_receipt("ben"), answered=4), 60.0).is_done

    def test_not_meant(self) -> None:
        """Who is not meant need not know."""
        audience = OfferAudience(an_offer(to=["ben"]), 0.0)
        board = audience.board(a_look(a_receipt("ben"), answered=3), 0.0)
        assert board.have_all

    def test_who_cannot_be_meant(self) -> None:
        """Who lies about the sender, or whom nobody has named, is the only one who counts less."""
        for to, liars in ((["@all"], ["anna"]), (["ben"], ["anna", "dora"])):
            audience = OfferAudience(an_offer(to=to, size=SIZE), 0.0)
            lies = [Receipt(liar, "refused", 3, 2.0) for liar in liars]
            board = audience.board(a_look(a_receipt("ben"), *lies), 20.0)
            assert [row.peer for row in board.rows] == ["ben"]
            assert (board.counts["refused"], board.unaware) == (0, len(liars))
            assert (board.received, board.rate, board.off) == (SIZE, 0.0, ())
            board = audience.board(a_look(a_receipt("ben")), 21.0)
            assert (board.off, board.have_all) == ((), True)


class TestOff:
    """Some are not there."""

    def test_named(self) -> None:
        """One that is named and not there is off, and has all of it when it comes."""
        audience = OfferAudience(an_offer(to=["ben", "carl"]), 0.0)
        board = audience.board(a_look(a_receipt("ben")), 0.0)
        assert (board.off, board.counts["off"], board.receivers) == (("carl",), 1, 2)
        assert board.is_done
        assert not board.have_all
        board = audience.board(a_look(a_receipt("ben"), a_receipt("carl")), 1.0)
        assert (board.off, board.counts["off"]) == ((), 0)
        assert board.have_all

    def test_sender_is_named(self) -> None:
        """Who offers it, and names itself among others, is not waited for."""
        offer = an_offer(to=["anna", "ben"])
        assert offer.sender == "anna"
        board = OfferAudience(offer, 0.0).board(a_look(a_receipt("ben"), silent=("anna",)), 0.0)
        assert (board.off, board.receivers) == ((), 1)
        assert board.have_all

    def test_goes(self) -> None:
        """One that was there and has gone is off; all others having it is enough, once they do."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(a_look(a_receipt("ben"), a_receipt("carl", "fetching", 5)), 0.0)
        board = audience.board(a_look(a_receipt("ben")), 1.0)
        assert (board.off, board.counts["off"]) == (("carl",), 1)
        assert board.have_all

    def test_silent(self) -> None:
        """Who is silent, and meant, is off once that lasts; before, it has not been heard from."""
        audience = OfferAudience(OFFER, 0.0)
        look = a_look(a_receipt("ben"), silent=("carl", "anna"), is_whole=False)
        board = audience.board(look, 0.0)
        assert board.counts["saved"] == board.counts["not heard from"] == 1
        assert (board.off, board.unheard, board.is_whole) == ((), ("carl",), False)
        assert not board.is_done
        board = audience.board(look, 1.0)
        assert board.counts["saved"] == board.counts["off"] == 1
        assert (board.off, board.unheard, board.is_whole) == (("carl",), (), True)
        assert board.is_done

    def test_silent_and_not_meant(self) -> None:
        audience = OfferAudience(an_offer(to=["ben"]), 0.0)
        board = audience.board(a_look(a_receipt("ben"), silent=("carl",)), 0.0)
        assert (board.off, board.counts["off"]) == ((), 0)

    def test_group(self) -> None:
        """Of a group those are known that were there once."""
        audience = OfferAudience(an_offer(to=["@lab"]), 0.0)
        audience.board(a_look(a_receipt("ben"), a_receipt("carl")), 0.0)
        board = audience.board(a_look(a_receipt("carl"), silent=("ben", "dora")), 1.0)
        assert board.off == ("ben",)

    def test_of_very_many(self) -> None:
        """Of very many, how many are off is known, though not who."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(all_saved(10_000), 0.0)
        board = audience.board(all_saved(9_950), 60.0)
        assert (board.counts["saved"], board.counts["off"]) == (9_950, 50)
        assert board.receivers == 10_000
        assert (board.received, board.share) == (9_950 * SIZE, 1.0)

    def test_silent_of_very_many(self) -> None:
        """Who was silent once is still missed when nobody names them any more."""
        audience = OfferAudience(OFFER, 0.0)
        look = all_saved(9_950)
        silent = tuple(f"silent{index}" for index in range(50))
        fallen = Look(
            tally=look.tally, receipts=look.receipts, answered=9_951, silent=silent, is_whole=False
        )
        board = audience.board(fallen, 0.0)
        assert (board.counts["not heard from"], "off" in board.counts) == (50, False)
        assert audience.board(look, 60.0).counts["off"] == 50

    def test_late_of_very_many(self) -> None:
        """Who comes later does not stand in for those that have gone."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(all_saved(10_000), 0.0)
        board = audience.board(all_saved(9_970, late=20), 60.0)
        assert (board.counts["saved"], board.counts["off"]) == (9_970, 50)
        assert board.receivers == 10_020

    def test_names_are_bounded(self) -> None:
        """However many names somebody makes up, few are kept, and fewer shown."""
        audience = OfferAudience(an_offer(to=["ben", "@lab"]), 0.0)
        for number in range(50):
            rows = tuple(a_receipt(f"x{number}-{index}") for index in range(RECEIPTS_NAMED))
            board = audience.board(a_look(*rows), float(number))
        assert len(board.off) == RECEIPTS_NAMED
        assert board.off[0] == "ben"
        assert board.receivers <= AUDIENCE_NAMED + RECEIPTS_NAMED
