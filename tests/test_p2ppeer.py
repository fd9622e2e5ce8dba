"""The options of ``twistd p2ppeer``."""

from typing import Any

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.rates import Rates, Slots
from p2p_twisted.p2ppeer import Options
from p2p_twisted.wire.limits import KIB, MIB


def parsed(*arguments: str) -> dict[str, Any]:
    options = Options()
    options.parseOptions(["--name", "s1", *arguments])
    return dict(options)


class LimitOptionsTests(SynchronousTestCase):
    """What a peer may use of its machine."""

    def test_default(self) -> None:
        """Nothing is limited but the number of transfers."""
        options = parsed()
        self.assertEqual(options["rates"], Rates())
        self.assertEqual(options["max-transfers"], Slots())
        self.assertFalse(options["reshare"])

    def test_limits(self) -> None:
        """Rates are read as curl reads them; fewer transfers may be slower."""
        options = parsed("--max-up=1.5M", "--max-down", "64k", "--max-transfers=4", "--reshare")
        self.assertEqual(options["rates"], Rates(3 * MIB // 2, 64 * KIB))
        self.assertEqual(options["max-transfers"], Slots(4, 4))
        self.assertTrue(options["reshare"])
        self.assertEqual(parsed("--max-up=0", "--max-down=off")["rates"], Rates())

    def test_refused(self) -> None:
        """What is no rate, too slow, or no number says what would be right."""
        for argument, said in [
            ("--max-up=10MB", "such as 10M"),
            ("--max-up=63K", "64K at least"),
            ("--max-down=100K", "128K at least"),
            ("--max-transfers=0", "from 1 to 256"),
            ("--max-transfers=257", "from 1 to 256"),
            ("--max-transfers=many", "from 1 to 256"),
        ]:
            error = self.assertRaises(UsageError, parsed, argument)
            self.assertIn(said, str(error))
