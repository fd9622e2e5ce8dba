"""Spread over all cores what is mostly Python, which runs one thread at a time."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from threading import Lock
from typing import Final, TypeVar

from twisted.logger import Logger

from p2p_twisted.runtime.parallel_map import MOST_WORKERS, in_turn
from p2p_twisted.runtime.worker_process import WorkerLost, WorkerProcess

T = TypeVar("T")
R = TypeVar("R")

# To start a process takes as long as to hash some thousand small files.
_MANY_ITEMS: Final = 8
# What each process is asked for ahead of time, and where the calling thread does something else.
_AHEAD: Final = 2
_LONG_AHEAD: Final = 16


class ProcessPool:
    """
    Calls in this thread and, where there is much to do, in processes: a :class:`ProcessMap`.

    It takes an item only when the call can begin. What it calls, and what that takes and
    returns, is pickled. Of several threads that use it at the same time, one has the processes.

    :param cores: how many there are.
    :param idle_seconds: how long a process stays when there is nothing to do.
    """

    log = Logger()

    def __init__(self, cores: int, idle_seconds: float = 10.0) -> None:
        self._most = min(cores, MOST_WORKERS) - 1
        self._idle_seconds = idle_seconds
        self._workers: list[WorkerProcess] = []
        self._taken = Lock()

    def start(self) -> None:
        """Be ready; processes are started when they are needed."""

    def stop(self) -> None:
        """End the processes."""
        with self._taken:
            self._most = 0
            self._end_all()

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> list[R]:
        """Call it with the items: see :class:`ParallelMap`."""
        return self.begin(function, items)()

    def begin(self, function: Callable[[T], R], items: Iterable[T], /) -> Callable[[], list[R]]:
        """Have the processes begin: see :class:`ProcessMap`."""
        if not self._taken.acquire(blocking=False):
            return in_turn.begin(function, items)
        places = enumerate(items)
        try:
            self._ask(function, places, _LONG_AHEAD)
        except BaseException:
            self._let_go()
            raise
        return partial(self._call, function, places)

    def _call(self, function: Callable[[T], R], items: Iterator[tuple[int, T]]) -> list[R]:
        try:
            results = self._results(function, items)
        except BaseException:
            self._let_go()
            raise
        self._taken.release()
        return results

    def _let_go(self) -> None:
        # Otherwise the next call would be told what was asked for here.
        self._end_all()
        self._taken.release()

    def _results(self, function: Callable[[T], R], items: Iterator[tuple[int, T]]) -> list[R]:
        results: dict[int, R] = {}
        self._ask(function, items)
        for place, item in items:
            results[place] = function(item)
            if place >= _MANY_ITEMS:
                self._start_all(function)
            self._take_answers(results)
            self._ask(function, items)
        self._take_answers(results, waits=True)
        return [results[place] for place in range(len(results))]

    def _ask(
        self, function: Callable[[T], R], items: Iterator[tuple[int, T]], ahead: int = _AHEAD
    ) -> None:
        for worker in self._workers:
            while worker.takes_more(ahead) and (next_one := next(items, None)):
                place, item = next_one
                worker.ask(place, (function, item))

    def _take_answers(self, results: dict[int, R], waits: bool = False) -> None:
        for worker in list(self._workers):
            try:
                results.update(worker.answers(waits))
            except WorkerLost:
                self._workers.remove(worker)
                if not worker.is_of_use:
                    self._most = len(self._workers)
                results.update((place, call(item)) for place, (call, item) in worker.stop())

    def _start_all(self, function: Callable[[T], R]) -> None:
        try:
            while len(self._workers) < self._most:
                self._workers.append(WorkerProcess(function, self._idle_seconds))
        except OSError as error:
            self.log.debug("no more processes can be started: {error}", error=error)
            self._most = len(self._workers)

    def _end_all(self) -> None:
        while self._workers:
            self._workers.pop().stop()
