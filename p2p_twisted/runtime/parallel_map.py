"""Spread one job over all cores, without being in the way of anything else."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from threading import get_native_id
from typing import Any, Final, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST_WORKERS: Final = 8
"""So many threads, or processes, are as fast as any disk."""

NICER: Final = 5
"""By how much more others come first than usual."""


class ParallelMap(Protocol):
    """Calls a function with each of some items; what it returns comes in the order of the items."""

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> list[R]:
        """
        Call it; block until all calls have ended.

        :raises Exception: what a call raises.
        """


class ProcessMap(ParallelMap, Protocol):
    """Does so in processes, which may begin while the calling thread does something else."""

    def begin(self, function: Callable[[T], R], items: Iterable[T], /) -> Callable[[], list[R]]:
        """
        Have others begin.

        :returns: does the rest, and returns as the call would; it must be called, in any thread.
        """


class ParallelPool:
    """
    Calls in as many threads as there are cores, at low priority: a :class:`ParallelMap`.

    Several threads may use it at once, but not its own.

    :param name: of its threads.
    :param cores: how many there are.
    """

    def __init__(self, name: str, cores: int) -> None:
        self._name = name
        self._threads = min(cores, MOST_WORKERS)

    def start(self) -> None:
        """Be ready; threads are started when they are needed."""
        self._pool = ThreadPoolExecutor(self._threads, self._name, _be_nice)

    def stop(self) -> None:
        """Wait for the calls that have begun, and end the threads."""
        self._pool.shutdown()

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> list[R]:
        """Call it with the items: see :class:`ParallelMap`."""
        waiting = deque(enumerate(items))
        results: list[Any] = [None] * len(waiting)

        def work() -> None:
            while waiting:
                try:
                    place, item = waiting.popleft()
                except IndexError:
                    # Another thread was quicker.
                    return
                results[place] = function(item)

        # Each takes the next item when it is done with one: a call for each item would cost more.
        workers = [self._pool.submit(work) for _ in range(min(self._threads, len(waiting)))]
        # Also after a failure: what they work with is closed next.
        wait(workers)
        for worker in workers:
            worker.result()
        return results


class _InTurn:
    """Calls one after the other, in this thread: a :class:`ProcessMap` for tests, too."""

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> list[R]:
        return [function(item) for item in items]

    def begin(self, function: Callable[[T], R], items: Iterable[T], /) -> Callable[[], list[R]]:
        return partial(self, function, items)


in_turn: Final = _InTurn()


def _be_nice() -> None:
    # Only Linux gives threads priorities of their own by it.
    if sys.platform == "linux":
        with suppress(OSError):
            thread = os.PRIO_PROCESS, get_native_id()
            os.setpriority(*thread, os.getpriority(*thread) + NICER)
