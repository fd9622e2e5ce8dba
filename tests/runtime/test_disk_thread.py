"""Calls that are mostly quick, and a reactor that waits for those alone."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, get_ident
from time import monotonic
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.disk_thread import QUICK_SECONDS, DiskThread

_PATIENCE_SECONDS = 10.0


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


class DiskThreadTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = FakeReactor()
        reactor: Any = self.reactor
        self.thread = DiskThread(reactor, "disk")
        self.thread.start()
        self.addCleanup(self.thread.stop)
        self.disk = Event()
        self.addCleanup(self.disk.set)
        self.done: list[int] = []

    def write(self, number: int) -> int:
        self.disk.wait(_PATIENCE_SECONDS)
        self.done.append(number)
        return number

    def test_quick(self) -> None:
        """What is quick has happened, in the thread, when the call returns."""
        self.assertNotEqual(self.successResultOf(self.thread(get_ident)), get_ident())
        self.failureResultOf(self.thread(lambda: 1 / 0), ZeroDivisionError)
        self.assertTrue(self.reactor.given.empty())

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
