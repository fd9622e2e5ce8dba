"""Limits that outlast a run."""

from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.bandwidth.rates import BadRate, Rates
from p2p_twisted.peer.kept_rates import KeptRates
from p2p_twisted.storage.state import StateDirectory
from p2p_twisted.wire.limits import MIB


class KeptRatesTests(SynchronousTestCase):
    """One run after the other."""

    def setUp(self) -> None:
        self.state = StateDirectory(Path(self.mktemp()).absolute())
        self.state.open()
        self.addCleanup(self.state.close)
        self.said: list[str] = []

    def run_with(self, options: Rates | None = None) -> KeptRates:
        """Begin a run, with the limits that options give."""
        options = options or Rates()
        given = {way for way, rate in (("up", options.up), ("down", options.down)) if rate}
        kept = KeptRates(
            Bandwidth(Clock(), options), self.state, frozenset(given), self.said.append
        )
        kept.recall()
        return kept

    def test_kept(self) -> None:
        """What was limited is so in the next run, until the limit is lifted."""
        self.run_with().limit(Rates(up=2 * MIB, down=5 * MIB))
        self.assertEqual(self.run_with().rates, Rates(2 * MIB, 5 * MIB))
        self.run_with().limit(Rates(up=2 * MIB))
        self.assertEqual(self.run_with().rates, Rates(up=2 * MIB))

    def test_options(self) -> None:
        """Options come first, for their run; they are not kept."""
        self.run_with().limit(Rates(up=2 * MIB))
        self.assertEqual(self.run_with(Rates(up=3 * MIB)).rates, Rates(up=3 * MIB))
        self.run_with(Rates(up=3 * MIB)).limit(Rates(up=3 * MIB, down=MIB))
        self.assertEqual(self.run_with().rates, Rates(2 * MIB, MIB))

    def test_refused(self) -> None:
        """What is too slow is neither set nor kept."""
        self.assertRaises(BadRate, self.run_with().limit, Rates(up=1))
        self.assertEqual(self.run_with().rates, Rates())

    def test_damaged(self) -> None:
        """Whatever stands in the file, the peer starts."""
        damaged: list[Any] = [
            [],
            "x",
            {"up": "fast"},
            {"up": -1, "down": True},
            {"up": 1},
            {"x": 1},
        ]
        for saved in damaged:
            self.state.write("limits", saved)
            self.assertEqual(self.run_with().rates, Rates(), saved)
        self.state.write("limits", {"up": None, "down": MIB})
        self.assertEqual(self.run_with().rates, Rates(down=MIB))

    def test_full_disk(self) -> None:
        """Where it cannot be written, it holds for this run, and that is said."""
        kept = self.run_with()

        def write(*_what: object) -> None:
            raise OSError(28, "No space left on device")

        self.patch(StateDirectory, "write", write)
        kept.limit(Rates(up=MIB))
        self.assertEqual(kept.rates, Rates(up=MIB))
        self.assertEqual(self.said, ["the limits are not kept for the next run: the disk is full"])
