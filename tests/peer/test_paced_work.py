"""Lookups that share the reactor's time."""

from collections.abc import Iterator

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.paced_work import Pacer, Work


class PacerTests(SynchronousTestCase):
    """Works of which one takes dear steps, and another cheap ones."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.spent = {"dear": 0.0, "cheap": 0.0}
        self.pacer = Pacer(self.clock, self.clock.seconds)

    def steps(self, name: str, number: int, seconds: float) -> Iterator[None]:
        """Take some steps, each of which keeps the clock going."""
        for _ in range(number):
            self.clock.rightNow += seconds
            self.spent[name] += seconds
            yield

    def test_time_is_shared(self) -> None:
        """A work of many cheap steps has as much time as one of dear steps, not as many steps."""
        meanwhile: list[float] = []

        def ended(work: Work) -> Work:
            meanwhile.append(self.spent["dear"])
            return work

        dear = self.pacer.run(self.steps("dear", 100, 0.008), 60.0)
        cheap = self.pacer.run(self.steps("cheap", 3_000, 0.000_01), 60.0).addCallback(ended)
        self.clock.advance(0)
        self.assertLess(meanwhile[0], 0.05)
        work = self.successResultOf(cheap)
        self.assertFalse(work.is_cut)
        self.assertAlmostEqual(work.seconds, 0.03, delta=0.005)
        self.assertAlmostEqual(self.successResultOf(dear).seconds, 0.8)

    def test_faults(self) -> None:
        """A work that fails ends with its error, and the others go on."""

        def fails() -> Iterator[None]:
            yield from self.steps("dear", 2, 0.02)
            raise ZeroDivisionError

        failing = self.pacer.run(fails(), 60.0)
        other = self.pacer.run(self.steps("cheap", 3, 0.02), 60.0)
        self.clock.advance(0)
        self.failureResultOf(failing, ZeroDivisionError)
        self.assertFalse(self.successResultOf(other).is_cut)
