"""Virtual time: a clock that jumps from one event to the next."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.base import DelayedCall

Entry = tuple[float, int, DelayedCall]


class VirtualClock:
    """
    Time that passes only in :meth:`run`, for any number of reactors.

    Events of the same instant happen in the order in which they were set, so
    that a run depends on nothing but what it does. :class:`twisted.internet.task.Clock`
    sorts all its calls for each new one, which thousands of peers cannot afford.
    """

    def __init__(self, start: float = 1_000.0) -> None:
        self.now = start
        self._order = count()
        self._heap: list[Entry] = []

    def seconds(self) -> float:
        """Tell the time, in seconds."""
        return self.now

    def call_later(
        self, delay: float, function: Callable[..., object], *args: Any, **kwargs: Any
    ) -> DelayedCall:
        """Set an event; what it returns provides ``IDelayedCall``."""
        if delay < 0:
            raise ValueError(f"{delay} s lie in the past")
        call = DelayedCall(
            self.now + delay, function, args, kwargs, _forget, self._set, self.seconds
        )
        self._set(call)
        return call

    def run(self, seconds: float) -> None:
        """Let time pass, and happen what is due."""
        end = self.now + seconds
        while self._heap and self._heap[0][0] <= end:
            self._happen()
        self.now = end

    def run_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """
        Let time pass until something is so, but only so long.

        :returns: whether it is so.
        """
        end = self.now + seconds
        while not done():
            if not self._heap or self._heap[0][0] > end:
                self.now = end
                return done()
            self._happen()
        return True

    def pending(self) -> list[DelayedCall]:
        """List the events that are still to come."""
        return [call for time, _, call in self._heap if _is_due(time, call)]

    def _happen(self) -> None:
        time, _, call = heapq.heappop(self._heap)
        if _is_due(time, call):
            self.now = max(self.now, time)
            call.called = 1
            call.func(*call.args, **call.kw)

    def _set(self, call: DelayedCall) -> None:
        heapq.heappush(self._heap, (call.getTime(), next(self._order), call))


def _is_due(time: float, call: DelayedCall) -> bool:
    """Tell whether an entry stands for its call: it was not put off or canceled since."""
    return bool(call.active()) and call.getTime() == time


def _forget(_call: DelayedCall) -> None:
    """Leave a canceled call's entry where it is: it is passed over when its time comes."""
