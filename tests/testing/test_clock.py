"""The clock of a network in virtual time."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.testing.clock import VirtualClock


class ClockTests(SynchronousTestCase):
    def test_put_off(self) -> None:
        """A timer that is put off fires later, and one that is brought forward earlier; once."""
        clock, fired = VirtualClock(0.0), list[tuple[str, float]]()
        late = clock.call_later(5.0, lambda: fired.append(("late", clock.now)))
        early = clock.call_later(5.0, lambda: fired.append(("early", clock.now)))
        early.reset(1.0)
        late.reset(2.0)
        late.reset(9.0)
        clock.run(20.0)
        self.assertEqual(fired, [("early", 1.0), ("late", 9.0)])

    def test_canceled(self) -> None:
        """A canceled timer does not fire."""
        clock = VirtualClock()
        clock.call_later(1.0, self.fail).cancel()
        clock.run(2.0)
