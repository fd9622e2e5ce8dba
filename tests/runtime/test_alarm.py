"""Calls that are to come later."""

from twisted.internet import reactor
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.alarm import Alarm


class AlarmTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.calls: list[float] = []
        self.alarm = Alarm(self.clock, lambda: self.calls.append(self.clock.seconds()))

    def test_one_call(self) -> None:
        """What is set again comes once, at the time that was set last, later or sooner."""
        for first, then in ((1.0, 3.0), (5.0, 2.0)):
            began = self.clock.seconds()
            self.alarm.set(first)
            self.alarm.set(then)
            self.assertTrue(self.alarm.is_set)
            self.clock.pump([0.5] * 12)
            self.assertEqual(self.calls.pop(), began + then)
            self.assertEqual(self.calls, [])
            self.assertFalse(self.alarm.is_set)

    def test_sooner(self) -> None:
        """What is to come sooner is not looked for among all that a busy reactor is to call."""
        self.patch(reactor, "_moveCallLaterSooner", lambda _call: self.fail("it was looked for"))
        alarm = Alarm(reactor, lambda: None)
        alarm.set(60.0)
        alarm.set(30.0)
        [due] = [call for call in reactor.getDelayedCalls() if call.getTime() > reactor.seconds()]
        self.assertLess(due.getTime(), reactor.seconds() + 31)
        alarm.stop()

    def test_due(self) -> None:
        """What is due already is not put off, however often it is said that it is."""
        alarm = Alarm(reactor, lambda: None)
        alarm.set(0.0)
        [due] = [call for call in reactor.getDelayedCalls() if call.getTime() <= reactor.seconds()]
        at = due.getTime()
        while reactor.seconds() <= at:
            pass
        alarm.set(0.0)
        self.assertEqual(due.getTime(), at)
        alarm.stop()

    def test_taken_back(self) -> None:
        """What was put off, and is now to come sooner again, is still the one call."""
        self.patch(reactor, "_moveCallLaterSooner", lambda _call: self.fail("it was looked for"))
        alarm = Alarm(reactor, lambda: None)
        for seconds in (60.0, 90.0, 70.0):
            alarm.set(seconds)
        [due] = [call for call in reactor.getDelayedCalls() if call.getTime() > reactor.seconds()]
        self.assertLess(due.getTime(), reactor.seconds() + 71)
        alarm.stop()

    def test_rest(self) -> None:
        """What rests does not come unless it is set again, and then when it was set to."""
        self.alarm.set(1.0)
        self.alarm.rest()
        self.assertFalse(self.alarm.is_set)
        self.clock.pump([0.5])
        self.alarm.set(2.0)
        self.clock.pump([0.5] * 6)
        self.assertEqual(self.calls, [2.5])
        self.alarm.set(1.0)
        self.alarm.rest()
        self.clock.pump([1.0, 1.0])
        self.assertEqual(self.calls, [2.5])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_again(self) -> None:
        """A call may set its own alarm again: it is not set any more when it comes."""

        def call() -> None:
            self.calls.append(self.clock.seconds())
            self.assertFalse(alarm.is_set)
            alarm.set(2.0)

        alarm = Alarm(self.clock, call)
        alarm.set(1.0)
        self.clock.pump([0.5] * 10)
        self.assertEqual(self.calls, [1.0, 3.0, 5.0])

    def test_stop(self) -> None:
        """What is called off does not come, and can be set again."""
        self.alarm.stop()
        self.alarm.set(1.0)
        self.alarm.stop()
        self.alarm.stop()
        self.assertFalse(self.alarm.is_set)
        self.clock.pump([1.0, 1.0])
        self.assertEqual(self.calls, [])
        self.alarm.set(1.0)
        self.clock.pump([1.0])
        self.assertEqual(self.calls, [3.0])
