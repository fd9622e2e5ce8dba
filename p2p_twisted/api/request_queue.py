"""Answer requests in pieces, with other business of the reactor in between."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IReactorTime

from p2p_twisted.runtime.alarm import Alarm

_SLICE_SECONDS: Final = 0.01


class RequestQueue:
    """
    Begins to answer requests for 10 ms in a turn of the reactor at most.

    What is left has its turn in the next, one request of each connection at a time: so one that
    sends hundreds at once, without waiting for answers, holds up neither others nor the peer.

    :param processor: reads the processor time of this thread, in seconds.
    """

    def __init__(
        self, clock: IReactorTime, processor: Callable[[], float] = time.thread_time
    ) -> None:
        self._processor = processor
        self._waiting: deque[Callable[[], object]] = deque()
        self._used = 0.0
        self._is_at_work = False
        self._next_turn = Alarm(clock, self._begin_turn)

    def add(self, answer: Callable[[], object]) -> None:
        """Begin an answer at once, if there is time left in this turn and none waits for it."""
        self._waiting.append(answer)
        if not self._is_at_work:
            self._go_on()

    def _begin_turn(self) -> None:
        self._used = 0.0
        if self._waiting:
            self._go_on()

    def _go_on(self) -> None:
        # What comes behind a request that is answered is added meanwhile.
        self._is_at_work = True
        try:
            while self._waiting and self._used < _SLICE_SECONDS:
                began = self._processor()
                self._waiting.popleft()()
                self._used += self._processor() - began
        finally:
            self._is_at_work = False
            self._next_turn.set(0.0)
