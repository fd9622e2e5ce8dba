"""For how long what is verified and written keeps a core busy."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.download import timed_writing
from p2p_twisted.download.timed_writing import TimedWriting
from p2p_twisted.testing.at_once import AtOnce


class TimedWritingTests(SynchronousTestCase):
    """Calls that take as long as a test says."""

    def setUp(self) -> None:
        self.now = self.ran = self.lacked = 0.0
        self.told: list[float] = []
        self.writing = TimedWriting(AtOnce(), self.told.append)
        self.patch(timed_writing, "monotonic", lambda: self.now)
        self.patch(timed_writing, "thread_time", lambda: self.ran)
        self.patch(timed_writing, "had_or_lacked_core", lambda: self.ran + self.lacked)

    def call(self, ran: float, lacked: float = 0.0, slept: float = 0.0) -> float:
        """Make a call that runs, lacks a core, and waits for the disk; return what is told."""

        def work() -> str:
            self.ran, self.lacked = self.ran + ran, self.lacked + lacked
            self.now += ran + lacked + slept
            return "done"

        self.assertEqual(self.successResultOf(self.writing(work)), "done")
        return self.told.pop()

    def test_quick(self) -> None:
        """All of a quick call counts, and the system is not asked."""
        self.patch(timed_writing, "had_or_lacked_core", lambda: 1 / 0)
        self.assertAlmostEqual(self.call(0.001, slept=0.001), 0.002)

    def test_disk(self) -> None:
        """Where the disk is slow, only that counts for which a core was needed."""
        for _ in range(3):
            self.assertAlmostEqual(self.call(0.001, slept=1.0), 0.001)

    def test_cores(self) -> None:
        """Where cores are busy, what waits for one counts, once it is looked for."""
        self.assertAlmostEqual(self.call(0.001, lacked=1.0), 0.001)
        for _ in range(3):
            self.assertAlmostEqual(self.call(0.001, lacked=1.0), 1.001)

    def test_quick_again(self) -> None:
        """After some quick calls it is not looked for any more."""
        self.call(0.001, slept=1.0)
        for _ in range(16):
            self.assertAlmostEqual(self.call(0.001, slept=0.001), 0.001)
        self.assertAlmostEqual(self.call(0.001, slept=0.001), 0.002)

    def test_failed(self) -> None:
        """A failure is passed on, and nothing told."""
        failed: Deferred[Any] = self.writing(lambda: 1 / 0)
        self.failureResultOf(failed, ZeroDivisionError)
        self.assertEqual(self.told, [])
        self.assertFalse(self.writing.is_full)
