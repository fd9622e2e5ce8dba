"""Virtual time, as a reactor has it: events may be put off and called off."""

import heapq
from collections.abc import Callable
from typing import Any

from twisted.internet.base import DelayedCall

from p2p_twisted.simulation.event_queue import EventQueue


class Timer(DelayedCall):
    """
    An event that may be put off and called off; it provides ``IDelayedCall``.

    :ivar waits: is asked when it is due; with true it is not fired, and has to be set again
        by :meth:`VirtualClock.set`.
    :ivar order: of its last entry in the queue; earlier ones are passed over.
    """

    waits: "Callable[[Timer], bool] | None" = None
    order = 0


class VirtualClock(EventQueue):
    """
    An event queue with timers, for any number of reactors.

    :class:`twisted.internet.task.Clock` sorts all its calls for each new one, which
    thousands of peers cannot afford.
    """

    def seconds(self) -> float:
        """Return the time, in seconds."""
        return self.now

    def call_later(
        self, delay: float, function: Callable[..., object], *args: Any, **kwargs: Any
    ) -> Timer:
        """Set a timer."""
        return self.timer(delay, function, args, kwargs, lambda _timer: None)

    def timer(
        self,
        delay: float,
        function: Callable[..., object],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        called_off: Callable[[DelayedCall], None],
    ) -> Timer:
        """Set a timer; ``called_off`` is told when it is canceled."""
        if delay < 0:
            raise ValueError(f"{delay} s lie in the past")
        time = self.now + delay
        timer = Timer(
            time, function, args, kwargs, cancel=called_off, reset=self.set, seconds=self.seconds
        )
        self.set(timer)
        return timer

    def set(self, timer: Any) -> None:
        """Have a :class:`Timer` fire at its time, or next if that has passed."""
        timer.order = order = next(self._order)
        time = max(self.now, timer.getTime())
        heapq.heappush(self._heap, (time, order, self._come_due, timer, order))

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
            # A timer that is over keeps nothing else alive.
            del timer.func, timer.args, timer.kw
            function(*args, **kwargs)
