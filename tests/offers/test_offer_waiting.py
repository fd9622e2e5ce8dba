"""To wait until those have it to whom something was pushed, and why that ends otherwise."""

from twisted.internet.defer import CancelledError, Deferred

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.offers.offer_book import OWN
from p2p_twisted.offers.offers_interface import KnownOffer, Waited
from p2p_twisted.peer_errors import Unknown
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.wire.limits import MIB
from tests.offers.offers_case import ANYONE, ASK, OffersTestCase
from tests.peer.cases import SONG

_NOT_AT_ALL = "s1 shares it no more, and nobody else has it"


class OfferWaitingTests(OffersTestCase):
    def waits(
        self, daemons: VirtualDaemons, known: KnownOffer, seconds: float = 1e9
    ) -> "Deferred[Waited]":
        return daemons.peers["s1"].offers.wait(known.offer.id, seconds)

    def unshare(self, daemons: VirtualDaemons) -> None:
        (daemons.folder / "s1" / "week 3" / "notes.txt").unlink()
        daemons.run(10)

    def test_all_have_it(self) -> None:
        daemons = self.network(2)
        waited = daemons.result(self.waits(daemons, self.push(daemons)))
        self.assertTrue(waited.board.have_all)
        self.assertFalse(waited.is_late or waited.is_over)

    def test_no_longer(self) -> None:
        """It says that more would have happened."""
        daemons = self.network(1, ASK)
        waited = daemons.result(self.waits(daemons, self.push(daemons), 30.0))
        self.assertEqual((waited.is_late, waited.board.counts["asked"]), (True, 1))

    def test_just_in_time(self) -> None:
        """What arrives just before the waiting ends is seen, and not what it was before."""
        daemons = self.network(1, ASK)
        known = self.push(daemons, "week 3/notes.txt")
        waits = self.waits(daemons, known, 10.0)
        daemons.run(9.5)
        daemons.peers["s2"].offers.answer(known.offer.id, True)
        waited = daemons.result(waits)
        self.assertEqual((waited.is_late, waited.board.have_all), (False, True))

    def test_at_the_last_moment(self) -> None:
        """What arrives just before a push ends is seen; it ends no sooner than was said."""
        daemons = self.network(1, ASK)
        known = self.push(daemons, "week 3/notes.txt", seconds=5.0)
        left = known.offer.until - daemons.wall()
        self.assertGreaterEqual(left, 5.0 - 0.01)
        waits = self.waits(daemons, known)
        daemons.run(left - 0.6)
        daemons.peers["s2"].offers.answer(known.offer.id, True)
        waited = daemons.result(waits)
        self.assertTrue(waited.board.have_all)
        self.assertFalse(waited.is_over)

    def test_withdrawn(self) -> None:
        """It ends with what was last seen."""
        daemons = self.network(1, ASK)
        known = self.push(daemons)
        waits = self.waits(daemons, known)
        daemons.run(10)
        daemons.result(daemons.peers["s1"].offers.withdraw(known.offer.id))
        waited = daemons.result(waits)
        self.assertEqual((waited.is_over, waited.board.counts["asked"]), (True, 1))
        with self.assertRaises(Unknown):
            daemons.result(self.waits(daemons, known))

    def test_canceled(self) -> None:
        daemons = self.network(1, ASK)
        waits = self.waits(daemons, self.push(daemons))
        daemons.run(3)
        waits.cancel()
        self.failureResultOf(waits, CancelledError)

    def test_shared_no_more(self) -> None:
        """Where nobody has it, and its sender shares it no more, waiting ends, and says why."""
        daemons = self.network(1, ASK)
        known = self.push(daemons, "week 3/notes.txt")
        self.unshare(daemons)
        board = self.look(daemons, "s1", known)
        self.assertEqual((board.is_unshared, board.is_done, board.have_all), (True, True, False))
        daemons.peers["s2"].offers.answer(known.offer.id, True)
        daemons.start("s3", accept=ANYONE)
        daemons.run(10)
        waited = daemons.result(self.waits(daemons, known), 900.0)
        self.assertFalse(waited.is_over or waited.is_late or waited.board.have_all)
        self.assertEqual(
            {(row.state, row.reason) for row in waited.board.rows}, {("waiting", _NOT_AT_ALL)}
        )

    def test_as_others_see_it(self) -> None:
        """Wherever somebody looks, it is known that its sender shares it no more."""
        daemons = self.network(1, ASK)
        known = self.push(daemons, "week 3/notes.txt")
        daemons.run(5)
        self.assertFalse(self.look(daemons, "s2", known).is_unshared)
        self.unshare(daemons)
        daemons.peers["s2"].offers.answer(known.offer.id, True)
        waited = daemons.result(daemons.peers["s2"].offers.wait(known.offer.id, 1e9), 900.0)
        self.assertTrue(waited.board.is_unshared)
        self.assertEqual({row.reason for row in waited.board.rows}, {_NOT_AT_ALL})

    def test_as_a_liar_says(self) -> None:
        """Its sender knows best itself whether it shares it."""
        daemons = self.network(2, ASK)
        known = self.push(daemons, to=("s2",))
        daemons.run(5)
        kept = daemons.peers["s3"].offers._book.get(known.offer.id)
        assert kept is not None
        kept.source = OWN
        self.assertFalse(self.look(daemons, "s1", known).is_unshared)
        self.assertTrue(self.look(daemons, "s2", known).is_unshared)

    def test_another_one_has_it(self) -> None:
        """Then who waits gets it all the same."""
        daemons = self.network(1)
        known = self.push(daemons, "week 3/notes.txt")
        daemons.run(30)
        self.unshare(daemons)
        daemons.start("s3", accept=ANYONE)
        daemons.run(3)
        waited = daemons.result(self.waits(daemons, known), 300.0)
        self.assertTrue(waited.board.have_all and waited.board.is_unshared)
        daemons.start("s4", accept=ASK)
        daemons.run(10)
        board = self.look(daemons, "s1", known)
        self.assertEqual((board.counts["asked"], board.is_done), (1, False))

    def test_while_it_is_fetched(self) -> None:
        """Who has some of it says that its sender has another one now."""
        daemons = self.daemons()
        daemons.start("s1", {"slides.pdf": SONG}, rates=Rates(up=MIB // 8))
        daemons.start("s2", accept=ANYONE)
        daemons.run(20)
        known = self.push(daemons)
        daemons.run(8)
        (daemons.folder / "s1" / "slides.pdf").write_bytes(b"another")
        waited = daemons.result(self.waits(daemons, known), 900.0)
        [row] = waited.board.rows
        self.assertEqual((row.state, waited.is_late), ("failed", False))
        self.assertIn("s1 has changed it meanwhile", row.reason)
