"""A push that turns out to be larger than it says."""

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Failed
from p2p_twisted.offers.accept_rule import AcceptRule
from p2p_twisted.peer.peer import Peer
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.wire.limits import KIB, MIB
from tests.offers.offers_case import ANYONE, OffersTestCase
from tests.peer.cases import SONG


class LargerOfferTests(OffersTestCase):
    def offered(self, **files: bytes) -> tuple[VirtualDaemons, Peer]:
        """Have mallory offer a folder as if it had 1,000 bytes, and a person at s2 take it."""
        daemons = self.network(1)
        daemons.start("mallory", {f"large/{name}": content for name, content in files.items()})
        daemons.run(20)
        listed = daemons.result(daemons.peers["mallory"].listing()).hits
        [folder] = (hit.file for hit in listed if hit.name == "large")
        self.offer(daemons, file_id=folder, is_folder=True, size=1_000, to=["s2"])
        daemons.run(30)
        peer = daemons.peers["s2"]
        peer.offers.answer(self.heard(peer).offer.id, accept=True)
        return daemons, peer

    def assert_told(self, peer: Peer) -> None:
        """Check that the push and its download say the same, which is why."""
        known, [progress] = self.heard(peer), peer.transfers()
        self.assertEqual((known.state, known.download), ("failed", progress.number))
        assert isinstance(progress.state, Failed), progress
        self.assertEqual(progress.state.reason, "it is larger than its offer says")
        self.assertEqual(known.reason, progress.state.reason)
        self.assertIn(known.reason, peer.explain(None).diagnosis.sentence)

    def test_slow(self) -> None:
        """It ends before much of it has come, and its download says why it has."""
        daemons, peer = self.offered(a=SONG, b=SONG[1:])
        daemons.peers["mallory"].limit(Rates(up=64 * KIB))
        daemons.run(30)
        self.assert_told(peer)
        self.assertLess(peer.status().received, MIB)
        self.assertEqual(self.downloads(daemons, "s2"), [])

    def test_quick(self) -> None:
        """Nothing of it lands, however quickly that came."""
        daemons, peer = self.offered(a=b"a" * 900, b=b"b" * 101)
        daemons.run(30)
        self.assert_told(peer)
        self.assertEqual(self.downloads(daemons, "s2"), [])

    def test_over_a_restart(self) -> None:
        """What was promised counts in the next run, too."""
        daemons, peer = self.offered(a=b"a" * 900, b=b"b" * 101)
        self.assertTrue(daemons.network.clock.run_until(lambda: bool(peer.transfers()), 10))
        daemons.result(daemons.stop("s2"))
        peer = daemons.start("s2", accept=ANYONE)
        daemons.run(60)
        self.assert_told(peer)
        self.assertEqual(self.downloads(daemons, "s2"), [])


class ManyFilesTests(OffersTestCase):
    """A peer that takes 64 KiB at most without a person's word."""

    def pushed(self, count: int) -> tuple[VirtualDaemons, Peer]:
        """Push a folder of empty files."""
        daemons = self.daemons()
        daemons.start("s1", {f"empty/{number}": b"" for number in range(count)})
        peer = daemons.start("s2", accept=AcceptRule(("anyone",), most=64 * KIB))
        daemons.run(10)
        self.push(daemons, "empty")
        daemons.run(30)
        return daemons, peer

    def test_at_the_bound(self) -> None:
        """Sixteen files take as much."""
        _daemons, peer = self.pushed(16)
        self.assertEqual(self.heard(peer).state, "saved")

    def test_too_many(self) -> None:
        """One more is refused, also where somebody comes later, unless a person takes it."""
        daemons, peer = self.pushed(17)
        for _ in range(2):
            known = self.heard(peer)
            why = "it takes 64.0 KiB at most, and 17 files take 68.0 KiB of the disk"
            self.assertEqual((known.state, known.reason), ("refused", why))
            peer.offers.attend()
            daemons.run(30)
        self.assertIn(why, peer.explain(None).diagnosis.sentence)
        self.assertEqual((len(peer.transfers()), self.downloads(daemons, "s2")), (1, []))
        peer.offers.answer(self.heard(peer).offer.id, accept=True)
        daemons.run(30)
        self.assertEqual(self.heard(peer).state, "saved")
        self.assertEqual(len(self.downloads(daemons, "s2")), 17)
