"""Lines, carried out in turn."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.line_queue import WAITING, Action, LineQueue


class Source:
    """An input that can be paused, and turns that end when told to."""

    def __init__(self, at_once: int = 1) -> None:
        self.is_paused = False
        self.begun: list[int] = []
        self.ends: dict[int, Deferred[None]] = {}
        self.turns = LineQueue(at_once, self._pause, self._resume)

    def add(self, *numbers: int) -> None:
        """Add turns that wait to be ended."""
        for number in numbers:
            self.ends[number] = Deferred()
            self.turns.add(self._turn(number))

    def _turn(self, number: int) -> Action:
        async def turn() -> None:
            self.begun.append(number)
            await self.ends[number]

        return turn

    def _pause(self) -> None:
        self.is_paused = True

    def _resume(self) -> None:
        self.is_paused = False


class TurnsTests(SynchronousTestCase):
    """Turns, some at a time."""

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
        """As many as may run do."""
        source = Source(2)
        source.add(1, 2, 3)
        self.assertEqual(source.begun, [1, 2])
        source.ends[2].callback(None)
        self.assertEqual(source.begun, [1, 2, 3])

    def test_pauses_the_source(self) -> None:
        """When many wait no more are read until half of them have been taken."""
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
        """What has not begun is forgotten, and nothing more begins."""
        source = Source()
        source.add(1, 2)
        source.turns.close()
        source.add(3)
        source.ends[1].callback(None)
        self.assertEqual(source.begun, [1])

    def test_many_that_never_wait(self) -> None:
        """Thousands of turns that end at once do not pile up on the stack."""
        source = Source()
        source.add(0)
        for number in range(1, 10_000):
            source.add(number)
            source.ends[number].callback(None)
        source.ends[0].callback(None)
        self.assertEqual(len(source.begun), 10_000)
