"""Virtual time: it jumps from one event to the next."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any


class EventQueue:
    """
    Time that passes only in :meth:`run`, and what is to happen in it.

    Events of the same instant happen in the order in which they were set, so
    that a run depends on nothing but what it does.

    :ivar now: in seconds.
    """

    def __init__(self, start: float = 1_000.0) -> None:
        self.now = start
        self._order = count()
        # Time, order, function, its arguments: flat, as there are very many.
        self._heap: list[tuple[Any, ...]] = []

    def happen_in(self, delay: float, function: Callable[..., object], *args: Any) -> None:
        """Set an event, in so many seconds; it cannot be called off."""
        heapq.heappush(self._heap, (self.now + delay, next(self._order), function, *args))

    def run(self, seconds: float) -> None:
        """Let time pass, and call what is due."""
        end, heap = self.now + seconds, self._heap
        while heap and heap[0][0] <= end:
            self.now, _, function, *args = heapq.heappop(heap)
            function(*args)
        self.now = end

    def run_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """
        Let time pass until ``done`` returns true, but not longer than ``seconds``.

        :returns: whether it did.
        """
        end, heap = self.now + seconds, self._heap
        while not done():
            if not heap or heap[0][0] > end:
                self.now = end
                return done()
            self.now, _, function, *args = heapq.heappop(heap)
            function(*args)
        return True

    def clear(self) -> None:
        """Forget all events."""
        self._heap.clear()
