"""Threads for what would block the reactor."""

import weakref
from collections.abc import Callable, Iterator
from threading import Event, current_thread
from threading import enumerate as all_threads
from time import sleep
from typing import Any, cast

import pytest
from twisted.python.failure import Failure

from p2p_twisted.runtime.threads import WorkerPool


class Reactor:
    """Keeps what threads want to be called."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], Any]] = []

    def callFromThread(self, function: Callable[..., Any], *args: Any) -> None:  # noqa: N802
        self.calls.append(lambda: function(*args))

    def run(self) -> None:
        """Call it."""
        while self.calls:
            self.calls.pop(0)()


class Pool(WorkerPool):
    """
    Threads of a reactor that is run by hand.

    :ivar outcomes: of the calls, as they are told in the reactor's thread.
    """

    def __init__(self, threads: int = 2) -> None:
        self.reactor = Reactor()
        self.outcomes: list[Any] = []
        super().__init__(cast(Any, self.reactor), "worker", threads)

    def call(self, function: Callable[..., Any], *args: Any) -> None:
        self(function, *args).addBoth(self.outcomes.append)

    def end(self) -> list[Any]:
        """Stop; return the outcomes of all calls."""
        self.stop()
        self.reactor.run()
        return self.outcomes


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    """See that no thread is left."""
    before = set(all_threads())
    yield
    assert set(all_threads()) == before


def test_outcomes() -> None:
    """What is returned or raised is told to the reactor's thread, also from before the start."""
    pool = Pool(1)
    pool.call(lambda: current_thread().name)
    pool.start()
    pool.call(int, "no number")
    assert pool.outcomes == []
    name, failure = pool.end()
    assert name == "worker-0"
    assert isinstance(failure, Failure)
    assert failure.check(ValueError)


def test_at_once() -> None:
    """As many calls run at a time as there are threads."""
    pool, other = Pool(2), Event()
    pool.start()
    pool.call(other.wait, 60)
    pool.call(other.set)
    assert sorted(pool.end(), key=str) == [None, True]


def test_in_order() -> None:
    """One thread calls in the order of the calls, and all of them before it ends."""
    pool = Pool(1)
    pool.start()
    for number in range(100):
        pool.call(int, number)
    assert pool.end() == list(range(100))


def test_keeps_nothing() -> None:
    """Nothing of a call that has ended is kept by a thread that waits for the next one."""

    class Large:
        pass

    pool, given = Pool(1), Large()
    pool.start()
    known = weakref.ref(given)
    pool(lambda _given: None, given)
    del given
    for _ in range(6_000):
        pool.reactor.run()
        if known() is None:
            break
        sleep(0.01)
    assert known() is None
    pool.end()
