"""What is known of slow relays, and which pushes are slow."""

from math import inf

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.download.limits import (
    RELAY_RATE_SECONDS,
    RELAYED_LONG_SECONDS,
    RELAYED_SLOW_BYTES_PER_SECOND,
)
from p2p_twisted.download.relay_rates import RelayRates, slow_rate
from p2p_twisted.explain.facts import Waits
from p2p_twisted.wire.limits import KIB, MIB

_MUCH = 1_000 * MIB


class SlowRateTests(SynchronousTestCase):
    """The rate of pushes that are slow."""

    def test_slow(self) -> None:
        """What is less than a MiB a second is slow, where the rest would take long."""
        self.assertEqual(slow_rate(Waits(3.0, received=3 * KIB), _MUCH), KIB)
        self.assertIsNone(slow_rate(Waits(1.0, received=RELAYED_SLOW_BYTES_PER_SECOND), _MUCH))

    def test_nearly_there(self) -> None:
        """What is nearly there is no reason to change anything."""
        waits, rest = Waits(3.0, received=3 * KIB), int(RELAYED_LONG_SECONDS) * KIB
        self.assertIsNone(slow_rate(waits, rest))
        self.assertIsNotNone(slow_rate(waits, rest + 1))

    def test_own_doing(self) -> None:
        """What this peer itself has not read in, or not asked for, counts for no relay."""
        waits = Waits(3.0, received=KIB)
        for own in (Waits(limit=1.0), Waits(disk=1.0), Waits(idle=1.0)):
            self.assertEqual(slow_rate(waits + own, _MUCH), KIB / 2)
            self.assertIsNone(slow_rate(waits + own + own, _MUCH))

    def test_nothing(self) -> None:
        """Where nothing has come, that is slow as well."""
        self.assertEqual(slow_rate(Waits(3.0), MIB), 0.0)


class RelayRatesTests(SynchronousTestCase):
    """How fast relays are, as far as is known."""

    def test_unknown(self) -> None:
        """A relay that has not been tried may be faster than any, also long after it was slow."""
        rates = RelayRates()
        self.assertTrue(rates.is_faster(("s7", "s1"), MIB, 0.0))
        rates.put(("s7", "s1"), KIB, 0.0)
        self.assertFalse(rates.is_faster(("s7", "s1"), KIB, RELAY_RATE_SECONDS - 1.0))
        self.assertTrue(rates.is_faster(("s7", "s1"), MIB, RELAY_RATE_SECONDS))
        self.assertEqual(rates.of(("s7", "s2"), 0.0), inf)

    def test_known(self) -> None:
        """One that was slow is gone back to only where it was far faster, or is not any more."""
        rates, pair = RelayRates(), ("s7", "s1")
        rates.put(pair, 20 * KIB, 0.0)
        self.assertFalse(rates.is_faster(pair, 10 * KIB, 1.0))
        self.assertTrue(rates.is_faster(pair, 9 * KIB, 1.0))
        rates.drop(pair)
        self.assertTrue(rates.is_faster(pair, 10 * KIB, 1.0))
