"""Do what takes long in pieces, with other business of the reactor in between."""

from collections.abc import Callable, Iterator
from typing import Final

from attrs import define
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import Cooperator, SchedulerStopped
from twisted.python.failure import Failure

_SLICE_SECONDS: Final = 0.01


@define
class Work(Iterator[object]):
    """
    Steps that are measured.

    :param steps: each is short.
    :param processor: reads the processor time of this thread, in seconds: what else keeps the
        machine busy does not count.
    :ivar most_seconds: what they may take altogether.
    :ivar seconds: what they took so far.
    :ivar is_cut: whether they took so long that the rest was left out.
    """

    _steps: Iterator[object]
    _processor: Callable[[], float]
    most_seconds: float
    seconds: float = 0.0
    is_cut: bool = False

    def __next__(self) -> object:
        """Take the next step."""
        if self.seconds >= self.most_seconds:
            self.is_cut = True
            raise StopIteration
        began = self._processor()
        try:
            return next(self._steps)
        finally:
            self.seconds += self._processor() - began


class Pacer:
    """
    Takes the steps of several works by turns, for 10 ms in a row at most.

    :param processor: reads the processor time of this thread, in seconds.
    """

    def __init__(self, clock: IReactorTime, processor: Callable[[], float]) -> None:
        self._clock = clock
        self._processor = processor
        self._cooperator = Cooperator(self._slice, self._call_soon)

    def run(self, steps: Iterator[object], most_seconds: float) -> "Deferred[Work]":
        """
        Take all steps, or as many as there is time for.

        :returns: fires at once if they take no longer than a slice.
        """
        work, is_over = Work(steps, self._processor, most_seconds), self._slice()
        for _ in work:
            if is_over():
                rest = self._cooperator.coiterate(work)
                return rest.addErrback(_stopped, work).addCallback(lambda _: work)
        return succeed(work)

    def stop(self) -> None:
        """Take no more steps."""
        self._cooperator.stop()

    def _slice(self) -> Callable[[], bool]:
        until = self._clock.seconds() + _SLICE_SECONDS
        return lambda: self._clock.seconds() >= until

    def _call_soon(self, call: Callable[[], None]) -> IDelayedCall:
        return self._clock.callLater(0, call)


def _stopped(failure: Failure, work: Work) -> None:
    failure.trap(SchedulerStopped)
    work.is_cut = True
