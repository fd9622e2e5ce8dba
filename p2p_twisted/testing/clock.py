"""Virtual time: a clock that jumps from one event to the next."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.base import DelayedCall


class Timer(DelayedCall):
    """
    An event that is set; it provides ``IDelayedCall``.

    :ivar waits: is asked when it is due; if it says yes, it is not fired, and
        whoever asked for that sets it again, by :meth:`VirtualClock.set`.
    :ivar order: of its last entry; earlier ones are passed over.
    """

    waits: "Callable[[Timer], bool] | None" = None
    order = 0


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
        self._heap: list[tuple[float, int, Timer]] = []

    def seconds(self) -> float:
        """Tell the time, in seconds."""
        return self.now

    def call_later(
        self, delay: float, function: Callable[..., object], *args: Any, **kwargs: Any
    ) -> Timer:
        """Set an event."""
        if delay < 0:
            raise ValueError(f"{delay} s lie in the past")
        timer = Timer(self.now + delay, function, args, kwargs, _forget, self.set, self.seconds)
        self.set(timer)
        return timer

    def set(self, timer: Any) -> None:
        """Have an event, a :class:`Timer`, happen at its time, or next if that has passed."""
        timer.order = next(self._order)
        heapq.heappush(self._heap, (timer.getTime(), timer.order, timer))

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

    def clear(self) -> None:
        """Forget all that was to happen."""
        self._heap.clear()

    def _happen(self) -> None:
        time, order, timer = heapq.heappop(self._heap)
        if order != timer.order or not timer.active():
            return
        due = timer.getTime()
        if due > time:
            # It was put off since.
            timer.activate_delay()
            self.set(timer)
        elif timer.waits is None or not timer.waits(timer):
            self.now = max(self.now, time)
            timer.called = 1
            timer.func(*timer.args, **timer.kw)


def _forget(_call: DelayedCall) -> None:
    """Leave a canceled call's entry where it is: it is passed over when its time comes."""
