"""How long a person waits for what is being hashed."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.patience import NeverStill, Patience
from p2p_twisted.peer_errors import PeerError
from p2p_twisted.wire.messages import Hit

MIB = 1 << 20


class PatienceTests(SynchronousTestCase):
    """When to look again."""

    def hit(self, hashed: int, size: int = 100 * MIB, growing: bool = False) -> tuple[Hit]:
        return (Hit("s1", "f", size, hashed=hashed, growing=growing),)

    def test_estimates(self) -> None:
        """
        It is looked at when it should be done, but neither ever again nor too seldom.

        How long it was written to, or waited behind others, tells nothing about that.
        """
        patience = Patience()
        looks = ((0, 0.0), (0, 30.0), (10, 32.0), (90, 48.0), (99, 49.8), (99, 50.3))
        waits = [patience.look(self.hit(percent), now) for percent, now in looks]
        self.assertEqual(waits[:3], [1.0, 1.0, 3.0])
        self.assertAlmostEqual(waits[3], 2.0)
        self.assertEqual(waits[4:], [0.5, 0.5])

    def test_queued(self) -> None:
        """What waits behind other files of its holder is waited for, but not for ever."""
        patience = Patience()
        for now in range(10_000):
            self.assertEqual(patience.look(self.hit(0), float(now)), 1.0)
        error = self.assertRaises(PeerError, patience.look, self.hit(0), 13 * 3_600.0)
        self.assertIn("s1 gets no further", str(error))

    def test_earlier_version(self) -> None:
        """A holder that does not say so shows by the size that it is written to."""
        patience = Patience()
        for now in range(15):
            patience.look(self.hit(0, 100 + now), float(now))
        self.assertRaises(NeverStill, patience.look, self.hit(0, 200), 15.0)

    def test_written_anew(self) -> None:
        """A file that gets shorter has begun anew: what counts is how it grows from there."""
        patience = Patience()
        patience.look(self.hit(0, 100 * MIB, growing=True), 0.0)
        patience.look(self.hit(0, 0, growing=True), 10.0)
        patience.look(self.hit(0, 2 * MIB, growing=True), 14.0)
        patience.look(self.hit(0, 2 * MIB, growing=True), 28.0)
        growing = self.hit(0, 2 * MIB, growing=True)
        self.assertRaises(NeverStill, patience.look, growing, 29.0)
