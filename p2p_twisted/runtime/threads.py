"""Run what would block the reactor in a thread pool of our own."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")


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
        self._pool = ThreadPool(1, threads, name)

    def start(self) -> None:
        """Start the threads."""
        self._pool.start()

    def stop(self) -> None:
        """Wait for the calls that have begun, and end the threads."""
        self._pool.stop()

    def __call__(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """Call in one of the threads: see :class:`Offload`."""
        return deferToThreadPool(self._reactor, self._pool, function, *args)


def inline(function: Callable[..., T], *args: Any) -> "Deferred[T]":
    """Call at once, in this thread: an :class:`Offload` for tests and simulations."""
    return maybeDeferred(function, *args)
