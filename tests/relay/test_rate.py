"""How fast a peer relays."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.relay.limits import RELAY_BYTES_PER_SECOND, RELAY_SLOWEST_BYTES_PER_SECOND
from p2p_twisted.relay.rate import relay_rate
from p2p_twisted.wire.limits import MIB


class RateTests(SynchronousTestCase):
    """What an owner says, and what follows from how fast the peer sends."""

    def test_usual(self) -> None:
        """A tenth of what it sends, and 10 MiB a second at most."""
        self.assertEqual(relay_rate(None, None), RELAY_BYTES_PER_SECOND)
        self.assertEqual(relay_rate(None, 1_000 * MIB), RELAY_BYTES_PER_SECOND)
        self.assertEqual(relay_rate(None, 20 * MIB), 2 * MIB)

    def test_too_slow(self) -> None:
        """Nothing, where that would be too slow."""
        least = 10 * RELAY_SLOWEST_BYTES_PER_SECOND
        self.assertEqual(relay_rate(None, least), RELAY_SLOWEST_BYTES_PER_SECOND)
        self.assertIsNone(relay_rate(None, least - 1))

    def test_chosen(self) -> None:
        """What its owner says counts, but no more than it sends at all."""
        self.assertEqual(relay_rate(100 * MIB, None), 100 * MIB)
        self.assertEqual(relay_rate(100 * MIB, 200 * MIB), 100 * MIB)
        self.assertEqual(relay_rate(100 * MIB, MIB), MIB)
        self.assertIsNone(relay_rate(0, None))
