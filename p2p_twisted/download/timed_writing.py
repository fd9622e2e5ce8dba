"""Measure for how long what is verified and written keeps a core busy, or waits for one."""

from collections.abc import Callable
from time import monotonic, thread_time
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred

from p2p_twisted.runtime.disk_thread import Writing
from p2p_twisted.runtime.idle_cores import had_or_lacked_core

T = TypeVar("T")

# To ask the system takes as long as to hash 10 KiB: only around calls that take long.
_SLOW_SECONDS: Final = 0.004
_CALLS_WATCHED: Final = 16


class TimedWriting:
    """
    Calls as another one does, and tells how much of their time calls needed a core.

    What is left of it they waited for the disk.

    :param needed: is told so, in seconds, after each call that has not failed.
    """

    def __init__(self, writing: Writing, needed: Callable[[float], None]) -> None:
        self._writing = writing
        self._needed = needed
        # How many more calls are watched closely: of the thread that writes.
        self._watched = 0

    @property
    def is_full(self) -> bool:
        """See :class:`Writing`."""
        return self._writing.is_full

    def __call__(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """Call it; see :class:`Writing`."""
        return self._writing(self._timed, function, args).addCallback(self._told)

    def _timed(self, function: Callable[..., T], args: tuple[Any, ...]) -> tuple[T, float]:
        began, ran = monotonic(), thread_time()
        needed = had_or_lacked_core() if self._watched else 0.0
        result = function(*args)
        seconds, was_watched = monotonic() - began, bool(self._watched)
        self._watched = _CALLS_WATCHED if seconds > _SLOW_SECONDS else max(0, self._watched - 1)
        if was_watched:
            return result, had_or_lacked_core() - needed
        return result, thread_time() - ran if seconds > _SLOW_SECONDS else seconds

    def _told(self, outcome: tuple[T, float]) -> T:
        result, needed = outcome
        self._needed(needed)
        return result
