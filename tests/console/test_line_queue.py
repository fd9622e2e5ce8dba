"""The queue of typed lines."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.line_queue import WAITING, Action, LineQueue


class Source:
    """An input that can be paused, and actions that end when told to."""

    def __init__(self, at_once: int = 1) -> None:
        self.changes: list[bool] = []
        self.begun: list[int] = []
        self.ends: dict[int, Deferred[None]] = {}
        self.queue = LineQueue(at_once, lambda: self.changes.append(self.queue.is_full))

    def add(self, *numbers: int) -> None:
        """Add actions that wait to be ended."""
        for number in numbers:
            self.ends[number] = Deferred()
            self.queue.add(self._action(number))

    def _action(self, number: int) -> Action:
        async def action() -> None:
            self.begun.append(number)
            await self.ends[number]

        return action

    @property
    def is_paused(self) -> bool:
        """Whether it was told last that the queue is full."""
        return self.changes[-1:] == [True]


class LineQueueTests(SynchronousTestCase):
    """Actions, some at a time."""

    def test_one_after_the_other(self) -> None:
        """Each begins when the one before has ended."""
        source = Source()
        source.add(1, 2, 3)
        self.assertEqual(source.begun, [1])
        source.ends[1].callback(None)
        self.assertEqual(source.begun, [1, 2])
        source.ends[2].callback(None)
        source.ends[3].callback(None)
        source.add(4)
        self.assertEqual(source.begun, [1, 2, 3, 4])

    def test_side_by_side(self) -> None:
        """As many run as may run at a time."""
        source = Source(2)
        source.add(1, 2, 3)
        self.assertEqual(source.begun, [1, 2])
        source.ends[2].callback(None)
        self.assertEqual(source.begun, [1, 2, 3])

    def test_pauses_the_source(self) -> None:
        """While many wait, reading is paused until half of them have begun."""
        source = Source()
        source.add(*range(WAITING + 1))
        self.assertFalse(source.is_paused)
        source.add(WAITING + 1)
        self.assertTrue(source.is_paused)
        for number in range(WAITING // 2 + 1):
            self.assertTrue(source.is_paused)
            source.ends[number].callback(None)
        self.assertFalse(source.is_paused)

    def test_close(self) -> None:
        """Actions that have not begun are forgotten, and no more are accepted."""
        source = Source()
        source.add(1, 2)
        source.queue.close()
        source.add(3)
        source.ends[1].callback(None)
        self.assertEqual(source.begun, [1])

    def test_many_that_never_wait(self) -> None:
        """Thousands of actions that end at once do not fill the stack."""
        source = Source()
        source.add(0)
        for number in range(1, 10_000):
            source.add(number)
            source.ends[number].callback(None)
        source.ends[0].callback(None)
        self.assertEqual(len(source.begun), 10_000)
