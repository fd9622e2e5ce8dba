"""What was pushed here, and saved, is accepted again."""

from twisted.internet.defer import Deferred

from p2p_twisted.offers.numbered_offers import accept_offer
from p2p_twisted.testing.daemons import VirtualDaemons
from tests.offers.offers_case import ANYONE, OffersTestCase


class AcceptedAgainTests(OffersTestCase):
    def saved(self, name: str, others: int = 1) -> VirtualDaemons:
        """Have s1 push something, and the others save it."""
        daemons = self.network(others)
        self.push(daemons, name)
        daemons.run(30)
        self.assertEqual({each[0] for each in self.states(daemons).values() if each}, {"saved"})
        return daemons

    def accept(self, daemons: VirtualDaemons) -> bool:
        """Accept it at s2; return whether it was here already."""
        peer = daemons.peers["s2"]
        accepting = accept_offer(peer.offers, self.heard(peer).number)
        return daemons.result(Deferred.fromCoroutine(accepting))

    def test_here(self) -> None:
        """What is still here is not downloaded again."""
        for name in ("slides.pdf", "week 3"):
            daemons = self.saved(name)
            self.assertTrue(self.accept(daemons))
            daemons.run(30)
            self.assertEqual(len(daemons.peers["s2"].transfers()), 1)
            self.assertEqual(self.heard(daemons.peers["s2"]).state, "saved")

    def test_removed(self) -> None:
        """What was removed comes again, also where only others that took it still have it."""
        daemons = self.saved("slides.pdf", others=2)
        daemons.result(daemons.stop("s1"))
        (daemons.folder / "s2" / "Downloads" / "slides.pdf").unlink()
        self.assertFalse(self.accept(daemons))
        self.assertEqual(self.heard(daemons.peers["s2"]).state, "waiting")
        daemons.run(30)
        self.assertEqual(self.heard(daemons.peers["s2"]).state, "saved")
        self.assertEqual(self.downloads(daemons, "s2"), ["slides.pdf"])

    def test_a_part_removed(self) -> None:
        """So does a folder of which a file was removed, beside what is left of it."""
        daemons = self.saved("week 3")
        (daemons.folder / "s2" / "Downloads" / "week 3" / "b").unlink()
        self.assertFalse(self.accept(daemons))
        daemons.run(60)
        self.assertEqual(self.heard(daemons.peers["s2"]).state, "saved")
        self.assertIn("week 3 (1)/b", self.downloads(daemons, "s2"))

    def test_shared(self) -> None:
        """What this peer shares itself is here, too."""
        daemons = self.daemons()
        for name in ("s1", "s2"):
            daemons.start(name, {"a": b"a" * 100}, accept=ANYONE)
        daemons.run(10)
        self.push(daemons, "a")
        daemons.run(30)
        self.assertTrue(self.accept(daemons))
        self.assertEqual(self.downloads(daemons, "s2"), [])
