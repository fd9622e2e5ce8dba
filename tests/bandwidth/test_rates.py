"""Rates as people type them."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.rates import BadRate, Rates, Slots, read_rate, written
from p2p_twisted.wire.limits import KIB, MIB


class ReadRateTests(SynchronousTestCase):
    """Text into bytes per second."""

    def test_rates(self) -> None:
        """K, M and G are powers of 1024, in any case; no limit has several words."""
        for text, rate in [
            ("500K", 500 * KIB),
            ("10M", 10 * MIB),
            ("1.5m", 3 * MIB // 2),
            ("2g", 2048 * MIB),
            ("123456", 123_456),
            ("0.0001", 1),
            ("0", None),
            ("0.0M", None),
            ("off", None),
            ("Unlimited", None),
        ]:
            self.assertEqual(read_rate(text), rate, text)

    def test_no_rates(self) -> None:
        """Everything else is refused, and the reason says how to write one."""
        for text in ("", "K", "10MB", "-1", "1e6", "10 M", ".5M", "1.M", "nan", "²", "9" * 20):
            error = self.assertRaises(BadRate, read_rate, text)
            self.assertIn("such as 10M", str(error))

    def test_written(self) -> None:
        """What is written can be read."""
        for text in ("500K", "10M", "1.5M", "2G", "123456", "1"):
            rate = read_rate(text)
            assert rate is not None
            self.assertEqual(written(rate), text)


class AtOnceTests(SynchronousTestCase):
    """How slow a rate may be."""

    def test_too_slow(self) -> None:
        """A rate that would leave transfers for dead is refused, with a way out."""
        Slots().check(Rates(64 * KIB, 128 * KIB))
        Slots(1, 1).check(Rates(2 * KIB, 16 * KIB))
        error = self.assertRaises(BadRate, Slots().check, Rates(up=63 * KIB))
        self.assertEqual(
            str(error),
            "63K up is too slow for 32 transfers at once: below 2K each they may be given up for"
            " dead. 64K at least, or fewer transfers (--max-transfers)",
        )
        error = self.assertRaises(BadRate, Slots(4, 4).check, Rates(down=63 * KIB))
        self.assertIn("63K down is too slow for 4 transfers", str(error))

    def test_holders(self) -> None:
        """A download has fewer holders where each would get too little."""
        for rate, holders, in_return in [
            (64 * KIB, 1, 0),
            (256 * KIB, 2, 0),
            (MIB + 256 * KIB, 8, 2),
            (10 * MIB, 8, 8),
            (None, 8, 8),
        ]:
            self.assertEqual(Slots().holders(rate), holders)
            self.assertEqual(Slots().holders_in_return(rate), in_return)
        self.assertEqual(Slots(1, 1).holders(64 * KIB), 4)
