"""Virtual time: a clock that jumps from one event to the next."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.base import DelayedCall


class Timer(DelayedCall):
    """
    An event that may be put off and called off; it provides ``IDelayedCall``.

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
        self._heap: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []

    def seconds(self) -> float:
        """Tell the time, in seconds."""
        return self.now

    def happen_in(self, delay: float, function: Callable[..., object], *args: Any) -> None:
        """Set an event that nobody will call off: that takes less than a timer."""
        heapq.heappush(self._heap, (self.now + delay, next(self._order), function, args))

    def call_later(
        self, delay: float, function: Callable[..., object], *args: Any, **kwargs: Any
    ) -> Timer:
        """Set a timer."""
        return self.timer(delay, function, args, kwargs, _forget)

    def timer(
        self,
        delay: float,
        function: Callable[..., object],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        called_off: Callable[[DelayedCall], None],
    ) -> Timer:
        """Set a timer, and be told when it is called off."""
        if delay < 0:
            raise ValueError(f"{delay} s lie in the past")
        time = self.now + delay
        timer = Timer(time, function, args, kwargs, called_off, self.set, self.seconds)
        self.set(timer)
        return timer

    def set(self, timer: Any) -> None:
        """Have a :class:`Timer` fire at its time, or next if that has passed."""
        timer.order = order = next(self._order)
        time = max(self.now, timer.getTime())
        heapq.heappush(self._heap, (time, order, self._come_due, (timer, order)))

    def run(self, seconds: float) -> None:
        """Let time pass, and happen what is due."""
        end, heap = self.now + seconds, self._heap
        while heap and heap[0][0] <= end:
            self.now, _, function, args = heapq.heappop(heap)
            function(*args)
        self.now = end

    def run_until(self, done: Callable[[], bool], seconds: float) -> bool:
        """
        Let time pass until something is so, but only so long.

        :returns: whether it is so.
        """
        end, heap = self.now + seconds, self._heap
        while not done():
            if not heap or heap[0][0] > end:
                self.now = end
                return done()
            self.now, _, function, args = heapq.heappop(heap)
            function(*args)
        return True

    def clear(self) -> None:
        """Forget all that was to happen."""
        self._heap.clear()

    def _come_due(self, timer: Timer, order: int) -> None:
        # A canceled timer's entry stays where it is, as does one that was brought forward.
        if order != timer.order or not timer.active():
            return
        if timer.getTime() > self.now:
            # It was put off since.
            timer.activate_delay()
            self.set(timer)
        elif timer.waits is None or not timer.waits(timer):
            timer.called = 1
            function, args, kwargs = timer.func, timer.args, timer.kw
            # Whoever keeps a timer that is over keeps nothing else alive.
            del timer.func, timer.args, timer.kw
            function(*args, **kwargs)


def _forget(_call: DelayedCall) -> None:
    """Nobody is told of a timer that is called off."""
