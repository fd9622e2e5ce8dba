"""Calls that are mostly quick, and a reactor that waits for those alone."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, get_ident
from time import monotonic, sleep, thread_time
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime import disk_thread
from p2p_twisted.runtime.disk_thread import CALLS_AHEAD, QUICK_SECONDS, DiskThread
from p2p_twisted.runtime.idle_cores import core_time

_PATIENCE_SECONDS = 10.0
_COMPUTED_SECONDS = 0.01


class FakeReactor:
    """A reactor to which threads give things to call."""

    def __init__(self) -> None:
        self.given: SimpleQueue[tuple[Callable[..., object], tuple[Any, ...]]] = SimpleQueue()

    def callFromThread(self, function: Callable[..., object], *args: Any) -> None:  # noqa: N802
        self.given.put((function, args))

    def turn(self) -> None:
        """Call the next of them."""
        function, args = self.given.get(timeout=_PATIENCE_SECONDS)
        function(*args)


class DiskThreadCase(SynchronousTestCase):
    """Calls what waits for a disk that stands still until the test says otherwise."""

    def setUp(self) -> None:
        self.reactor = FakeReactor()
        self.is_idle = False
        reactor: Any = self.reactor
        self.thread = DiskThread(reactor, "disk", lambda: self.is_idle)
        self.thread.start()
        self.addCleanup(self.thread.stop)
        self.begun, self.disk = Event(), Event()
        self.addCleanup(self.disk.set)
        self.done: list[int] = []

    def write(self, number: int) -> int:
        self.begun.set()
        self.disk.wait(_PATIENCE_SECONDS)
        self.done.append(number)
        return number


class DiskThreadTests(DiskThreadCase):
    """The reactor waits for what is quick."""

    def test_quick(self) -> None:
        """What is quick has happened, in the thread, when the call returns."""
        self.assertNotEqual(self.successResultOf(self.thread(get_ident)), get_ident())
        self.failureResultOf(self.thread(lambda: 1 / 0), ZeroDivisionError)
        self.assertTrue(self.reactor.given.empty())

    def test_core_wanted(self) -> None:
        """It tells how long calls have needed a core, also where the system does not tell."""
        for read in (core_time, lambda _thread: None):
            self.patch(disk_thread, "core_time", read)
            before, until = self.thread.core_wanted, monotonic() + _PATIENCE_SECONDS
            self.thread(compute)
            # The thread may be about to end it.
            while self.thread.core_wanted < before + _COMPUTED_SECONDS:
                self.assertLess(monotonic(), until)
                sleep(0.001)

    def test_stands_still(self) -> None:
        """A disk that stands still is waited for once, and shortly; nothing overtakes."""
        calls: list[Deferred[int]] = []
        began = monotonic()
        for number in range(50):
            calls.append(self.thread(self.write, number))
        # To wait for each would take 50 times as long.
        self.assertLess(monotonic() - began, 20 * QUICK_SECONDS)
        for call in calls:
            self.assertNoResult(call)
        self.disk.set()
        for number, call in enumerate(calls):
            self.reactor.turn()
            self.assertEqual(self.successResultOf(call), number)
        self.assertEqual(self.done, list(range(50)))

    def test_quick_again(self) -> None:
        """Once it goes on, it is waited for again."""
        self.thread(self.write, 1)
        self.disk.set()
        self.reactor.turn()
        second = self.thread(self.write, 2)
        if not second.called:
            # The thread was about to find out.
            self.reactor.turn()
        self.successResultOf(second)
        self.assertEqual(self.successResultOf(self.thread(self.write, 3)), 3)

    def test_fails_late(self) -> None:
        """What fails late fails all the same."""

        def fail() -> None:
            self.disk.wait(_PATIENCE_SECONDS)
            raise ZeroDivisionError

        call = self.thread(fail)
        self.disk.set()
        self.reactor.turn()
        self.failureResultOf(call, ZeroDivisionError)

    def test_stop(self) -> None:
        """To stop it is to wait for what was called."""
        thread = DiskThread(self.thread._reactor, "other")
        thread.start()
        thread(self.write, 1)
        thread(self.write, 2)
        self.disk.set()
        thread.stop()
        self.assertEqual(self.done, [1, 2])


class IdleCoreTests(DiskThreadCase):
    """The reactor goes on meanwhile, where the thread has a core of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.is_idle = True

    def test_goes_on(self) -> None:
        """Nothing is waited for until enough is under way; ends are told in the order of calls."""
        calls = [self.thread(self.write, number) for number in range(CALLS_AHEAD - 1)]
        self.assertFalse(self.thread.is_full)
        calls.append(self.thread(self.write, CALLS_AHEAD - 1))
        self.assertTrue(self.thread.is_full)
        self.disk.set()
        for number, call in enumerate(calls):
            self.assertNoResult(call)
            self.assertEqual(self.thread.has_room, number >= CALLS_AHEAD // 2)
            self.reactor.turn()
            self.assertEqual(self.successResultOf(call), number)
        self.assertEqual(self.done, list(range(CALLS_AHEAD)))

    def test_cores_get_busy(self) -> None:
        """Then one call at a time is enough; none overtakes those that were not waited for."""
        calls = [self.thread(self.write, 0)]
        self.is_idle = False
        calls.append(self.thread(self.write, 1))
        self.assertTrue(self.thread.is_full)
        self.disk.set()
        for number, call in enumerate(calls):
            self.assertNoResult(call)
            self.assertTrue(self.thread.is_full)
            self.reactor.turn()
            self.assertEqual(self.successResultOf(call), number)
        self.assertFalse(self.thread.is_full)

    def test_quick_after_all(self) -> None:
        """A quick call is not waited for while the end of one before it has not been told."""
        self.disk.set()
        first = self.thread(self.write, 0)
        tell, args = self.reactor.given.get(timeout=_PATIENCE_SECONDS)
        self.is_idle = False
        second = self.thread(self.write, 1)
        self.assertNoResult(second)
        tell(*args)
        self.assertEqual(self.successResultOf(first), 0)
        self.reactor.turn()
        self.assertEqual(self.successResultOf(second), 1)

    def test_slow_disk(self) -> None:
        """One call at a time is enough, too, once one has shown that the disk is slow."""
        call = self.thread(self.write, 0)
        self.assertTrue(self.begun.wait(_PATIENCE_SECONDS))
        sleep(QUICK_SECONDS)
        self.disk.set()
        self.reactor.turn()
        self.successResultOf(call)
        # The thread has found that out before it begins the next call.
        self.begun.clear()
        self.disk.clear()
        self.thread(self.write, 1)
        self.assertTrue(self.begun.wait(_PATIENCE_SECONDS))
        self.assertTrue(self.thread.is_full)


def compute() -> None:
    """Run on a core for a while."""
    until = thread_time() + _COMPUTED_SECONDS
    while thread_time() < until:
        pass
