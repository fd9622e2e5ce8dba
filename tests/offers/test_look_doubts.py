"""When a look at an offer has told of all, and when all links are asked."""

from p2p_twisted.offers.limits import AUDIENCE_NAMED
from p2p_twisted.offers.look import Look
from p2p_twisted.offers.offer_audience import OfferAudience
from p2p_twisted.wire.messages import Tally
from tests.offers.test_offer_audience import OFFER, a_look, a_receipt


class TestSuffices:
    """When to ask by every link what the tree has not told for sure."""

    def test_whole(self) -> None:
        assert OfferAudience(OFFER, 0.0).suffices(a_look(a_receipt("ben")), 0.0)

    def test_first(self) -> None:
        """Of a first look it matters only where nobody would look again."""
        audience = OfferAudience(OFFER, 0.0)
        assert not audience.suffices(a_look(a_receipt("ben"), is_whole=False), 0.0)
        assert audience.suffices(a_look(a_receipt("ben", "fetching", 1), is_whole=False), 0.0)

    def test_newcomer(self) -> None:
        """A newcomer is not known to be missing, and matters where nobody would look again."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(a_look(a_receipt("ben")), 0.0)
        assert not audience.suffices(a_look(a_receipt("ben"), is_whole=False), 60.0)

    def test_fewer_than_before(self) -> None:
        audience = OfferAudience(OFFER, 0.0)
        two = a_look(a_receipt("ben", "fetching", 1), a_receipt("carl"), is_whole=False)
        audience.board(two, 0.0)
        assert audience.suffices(two, 0.0)
        one = a_look(a_receipt("ben", "fetching", 1), is_whole=False)
        assert not audience.suffices(one, 0.0)
        audience.board(one, 1.0)
        assert audience.suffices(one, 0.0)

    def test_silent(self) -> None:
        """Who is silent hides those behind it, once; however many are made up, that ends."""
        audience = OfferAudience(OFFER, 0.0)
        coming = a_receipt("ben", "fetching", 1)
        look = a_look(coming, silent=("carl",), is_whole=False)
        assert not audience.suffices(look, 0.0)
        audience.board(look, 0.0)
        assert audience.suffices(look, 0.0)
        for number in range(10):
            silent = tuple(f"x{number}-{index}" for index in range(AUDIENCE_NAMED // 10))
            look = a_look(coming, silent=silent, is_whole=False)
            assert not audience.suffices(look, 0.0)
            audience.board(look, 1.0)
        assert audience.suffices(a_look(coming, silent=("y",), is_whole=False), 0.0)


class TestVeryMany:
    """Of very many, all links are asked only where waiting does not help."""

    def a_look(self, receivers: int, *silent: str, **said: object) -> Look:
        tally = Tally(unmeant=1, fetching=receivers, received=receivers)
        usual: dict[str, object] = {"silent": silent, "is_whole": False}
        how = {"tally": tally, "answered": receivers + 1, **usual, **said}
        return Look(**how)  # type: ignore[arg-type]

    def test_some_have_died(self) -> None:
        """They are given up soon: who was behind them is heard of then, and nothing ends before."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(self.a_look(9_900, is_whole=True), -60.0)
        saved = Tally(unmeant=1, saved=9_000)
        for now in (0.0, 20.0):
            look = self.a_look(9_000, "x", "y", tally=saved)
            assert audience.suffices(look, now)
            board = audience.board(look, now)
            assert (board.is_done, board.look_again) == (False, 20.0)
            assert (board.counts["not heard from"], board.is_whole) == (900, False)
        board = audience.board(self.a_look(9_900, is_whole=True), 40.0)
        assert board.look_again > 50.0
        assert board.counts["off"] == 0

    def test_somebody_stays_silent(self) -> None:
        """Then all links are asked, once; that is settled where it says the same."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(self.a_look(9_900, is_whole=True), -60.0)
        saved = Tally(unmeant=1, saved=9_000)
        look = self.a_look(9_000, "x", tally=saved)
        audience.board(look, 0.0)
        audience.board(look, 20.0)
        assert not audience.suffices(look, 40.0)
        again = self.a_look(9_000, "x", tally=saved, is_by_every_link=True)
        assert not audience.board(again, 41.0).is_done
        assert audience.suffices(look, 101.0)
        assert audience.board(look, 101.0).is_done

    def test_first(self) -> None:
        """A first look is repeated while those that have died are named: so many were there."""
        audience = OfferAudience(OFFER, 0.0)
        look = self.a_look(9_000, "x")
        for now, again in ((0.0, 6.0), (6.0, 6.0), (12.0, 20.0)):
            assert audience.suffices(look, now)
            board = audience.board(look, now)
            assert (board.is_done, board.look_again) == (False, again)
        assert not audience.suffices(look, 32.0)

    def test_all_that_are_silent_are_named(self) -> None:
        """Where they hide nobody, all is told, and they are off."""
        audience = OfferAudience(OFFER, 0.0)
        assert not audience.board(self.a_look(9_000, "x"), 0.0).is_done
        saved = Tally(unmeant=1, saved=9_010)
        look = self.a_look(9_010, "x", "y", tally=saved, is_whole=True)
        assert audience.suffices(look, 6.0)
        board = audience.board(look, 6.0)
        assert (board.is_done, board.receivers, board.counts["off"]) == (True, 9_012, 2)

    def test_given_up_meanwhile(self) -> None:
        """Nobody is silent any more, and links change: the next look tells of all."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(self.a_look(9_000, "x"), 0.0)
        assert audience.suffices(self.a_look(9_010), 18.0)
        saved = Tally(unmeant=1, saved=9_010)
        assert not audience.suffices(self.a_look(9_010, tally=saved), 38.0)

    def test_somebody_is_missing(self) -> None:
        """Where nobody is silent, as if links were lost, waiting does not help."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(self.a_look(9_900, is_whole=True), 0.0)
        assert not audience.suffices(self.a_look(9_000), 60.0)

    def test_made_up(self) -> None:
        """Whoever makes up the silent, or leaves others out, has all links asked rarely."""
        audience = OfferAudience(OFFER, 0.0)
        audience.board(self.a_look(9_000, is_whole=True), -60.0)
        asked = 0
        for minute in range(60):
            look = self.a_look(9_000 - minute % 2, f"x{minute}")
            if not audience.suffices(look, 60.0 * minute):
                asked += 1
                look = self.a_look(9_000 - minute % 2, f"y{minute}", is_by_every_link=True)
            assert audience.board(look, 60.0 * minute).look_again >= 20.0
        assert 1 < asked <= 12
