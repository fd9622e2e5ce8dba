"""Requesters of one file, which are made to help each other, or not."""

from collections.abc import Iterable
from random import Random

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.picker.ranges import Range
from p2p_twisted.upload.audience import PLENTY_BYTES_PER_SECOND, SharedUplink
from p2p_twisted.wire.limits import MIB

CHUNKS = 100


class FakePush:
    """A push, and what it has offered; ``None`` while it may be asked for everything."""

    def __init__(self) -> None:
        self.offered: set[int] | None = None
        self.is_idle = False

    def offer(self, chunks: Iterable[Range]) -> None:
        self.offered = self.offered or set()
        self.offered |= {index for first, count in chunks for index in range(first, first + count)}


class SharedUplinkTests(SynchronousTestCase):
    """Pushes of a file of a hundred chunks."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.uplink = SharedUplink(self.clock, CHUNKS, Random(1))
        self.pushes: list[FakePush] = []

    def tearDown(self) -> None:
        for push in self.pushes:
            self.uplink.left(push)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def join(self) -> FakePush:
        push = FakePush()
        self.pushes.append(push)
        self.assertEqual(self.uplink.joined(push), push.offered is not None)
        return push

    def send(self, push: FakePush, index: int, seconds: float = 0.1) -> None:
        self.clock.advance(seconds)
        self.uplink.sent(push, index, MIB)

    def test_alone(self) -> None:
        """A single requester may ask for everything."""
        push = self.join()
        for index in range(10):
            self.send(push, index)
        self.assertIsNone(push.offered)

    def test_together(self) -> None:
        """From the second one on they are told of different chunks, and of more as these leave."""
        first, second = self.join(), self.join()
        assert first.offered is not None
        assert second.offered is not None
        self.assertTrue(first.offered.isdisjoint(second.offered))
        before = len(first.offered | second.offered)
        for index in sorted(first.offered):
            self.send(first, index)
        self.assertGreater(len(first.offered | second.offered), before)

    def test_plenty(self) -> None:
        """Above the rate of an uplink, every requester may ask for everything."""
        first, second = self.join(), self.join()
        seconds = MIB / PLENTY_BYTES_PER_SECOND / 2
        for _ in range(100):
            for push in (first, second):
                self.send(push, min(push.offered or {0}), seconds)
        self.assertEqual(first.offered, set(range(CHUNKS)))
        self.assertEqual(second.offered, set(range(CHUNKS)))
        self.assertIsNone(self.join().offered)

    def test_last_one(self) -> None:
        """A requester that is left alone may ask for everything."""
        first, second = self.join(), self.join()
        self.uplink.left(first)
        self.assertEqual(second.offered, set(range(CHUNKS)))

    def test_overdue(self) -> None:
        """A chunk that one requester does not ask for is revealed to another."""
        first, second = self.join(), self.join()
        first.is_idle = True
        assert first.offered is not None
        assert second.offered is not None
        kept = set(first.offered)
        self.clock.pump([0.5] * 4)
        self.assertLess(kept, second.offered)

    def test_slow_ones(self) -> None:
        """A few requesters that never finish do not hold back chunks from others."""
        slow = [self.join() for _ in range(3)]
        fast = self.join()
        assert fast.offered is not None
        fast.is_idle = True
        for _ in range(300):
            for index in sorted(fast.offered):
                self.send(fast, index)
            self.clock.advance(0.5)
        self.assertGreater(len(fast.offered), CHUNKS // 2)
        self.assertLess(max(len(push.offered or ()) for push in slow), 5)

    def test_small(self) -> None:
        """For a file of few chunks, requesters are not made to help each other."""
        self.uplink = SharedUplink(self.clock, 4, Random(1))
        self.join()
        self.assertIsNone(self.join().offered)
