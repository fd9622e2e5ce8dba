"""Run what would block the reactor in a thread pool of our own."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

T = TypeVar("T")

_Call = tuple["Deferred[Any]", Callable[..., Any], tuple[Any, ...]]


class Offload(Protocol):
    """Calls a blocking function somewhere else than in the reactor's thread."""

    def __call__(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """Fire with what the function returns, or fail with what it raises."""


class WorkerPool:
    """
    Runs hashing, fsync and publishing in a few threads.

    It is not the reactor's own pool, which also resolves names and must not
    wait behind a large file.
    """

    def __init__(self, reactor: IReactorFromThreads, name: str, threads: int = 2) -> None:
        self._reactor = reactor
        self._name = name
        self._count = threads
        self._threads: list[Thread] = []
        # Twisted's own pool coordinates its threads by further queues, and takes twice as long.
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()

    def start(self) -> None:
        """Start the threads; what was called before is called now."""
        # Made no earlier: after a fork, Python 3.13 takes those that were made before for ended.
        names = [f"{self._name}-{number}" for number in range(self._count)]
        self._threads = [Thread(target=self._work, name=name) for name in names]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Wait for all calls, and end the threads; later ones never fire."""
        for _thread in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()

    def __call__(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """Call in one of the threads: see :class:`Offload`."""
        ended: Deferred[T] = Deferred()
        self._calls.put((ended, function, args))
        return ended

    def _work(self) -> None:
        # Nothing of a call is kept until the next one comes.
        while self._run(self._calls.get()):
            pass

    def _run(self, call: _Call | None) -> bool:
        if call is None:
            return False
        ended, function, args = call
        try:
            result = function(*args)
        except BaseException:
            result = Failure()
        self._reactor.callFromThread(ended.callback, result)
        return True


def inline(function: Callable[..., T], *args: Any) -> "Deferred[T]":
    """Call at once, in this thread: an :class:`Offload` for tests and simulations."""
    return maybeDeferred(function, *args)
