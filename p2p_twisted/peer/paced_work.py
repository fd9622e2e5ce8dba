"""Do what takes long in pieces, with other business of the reactor in between."""

from collections.abc import Callable, Iterator
from typing import Final

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.runtime.alarm import Alarm

_SLICE_SECONDS: Final = 0.01
# Of a slice, for one work before the next has its turn.
_TURN_SECONDS: Final = 0.001


@define(eq=False)
class Work:
    """
    Steps that are measured.

    :param steps: each is short.
    :param processor: reads the processor time of this thread, in seconds: what else keeps the
        machine busy does not count.
    :ivar most_seconds: what they may take altogether.
    :ivar seconds: what they took so far.
    :ivar is_cut: whether they took so long that the rest was left out.
    :ivar ended: fires when they have ended, if they were not over at once.
    """

    _steps: Iterator[object]
    _processor: Callable[[], float]
    most_seconds: float
    seconds: float = 0.0
    is_cut: bool = False
    ended: "Deferred[Work]" = field(factory=Deferred, init=False)

    def take_turn(self) -> bool:
        """Take steps for a millisecond, or one that takes longer; return whether any are left."""
        if self.seconds >= self.most_seconds:
            self.is_cut = True
            return False
        now = began = self._processor()
        try:
            while now - began < _TURN_SECONDS:
                next(self._steps)
                now = self._processor()
        except StopIteration:
            return False
        finally:
            self.seconds += self._processor() - began
        return True


class Pacer:
    """
    Takes the steps of several works, for 10 ms in a row at most.

    The next turn is always of the one that has had least time: so what is found soon is not
    kept waiting by what takes long.

    :param processor: reads the processor time of this thread, in seconds.
    """

    def __init__(self, clock: IReactorTime, processor: Callable[[], float]) -> None:
        self._clock = clock
        self._processor = processor
        self._works: list[Work] = []
        self._going_on = Alarm(clock, self._go_on)
        self._is_stopped = False

    def run(self, steps: Iterator[object], most_seconds: float) -> "Deferred[Work]":
        """
        Take all steps, or as many as there is time for.

        :returns: fires at once if they take no longer than a slice.
        """
        work, is_over = Work(steps, self._processor, most_seconds), self._slice()
        while work.take_turn():
            if self._is_stopped:
                work.is_cut = True
                break
            if is_over():
                self._works.append(work)
                self._wake()
                return work.ended
        return succeed(work)

    def stop(self) -> None:
        """Take no more steps."""
        self._is_stopped = True
        self._going_on.stop()
        works, self._works = self._works, []
        for work in works:
            work.is_cut = True
            work.ended.callback(work)

    def _go_on(self) -> None:
        is_over = self._slice()
        try:
            while self._works:
                self._advance(min(self._works, key=_time_had))
                if is_over():
                    break
        finally:
            self._wake()

    def _advance(self, work: Work) -> None:
        try:
            if work.take_turn():
                return
        except Exception:
            self._works.remove(work)
            work.ended.errback()
        else:
            self._works.remove(work)
            work.ended.callback(work)

    def _wake(self) -> None:
        if self._works and not self._going_on.is_set:
            self._going_on.set(0.0)

    def _slice(self) -> Callable[[], bool]:
        until = self._clock.seconds() + _SLICE_SECONDS
        return lambda: self._clock.seconds() >= until


def _time_had(work: Work) -> float:
    return work.seconds
