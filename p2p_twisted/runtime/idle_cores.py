"""Find out whether one more thread would have a core of its own."""

import os
from collections.abc import Callable
from functools import cache
from time import monotonic, thread_time
from typing import Final

from attrs import frozen

_LOOKED_AGAIN_SECONDS: Final = 0.02
# Between them these two tell a push on two cores, which waits for a fifth of this time, from eight
# downloaders on the same two, which wait for half of it.
_MEASURED_SECONDS: Final = 0.03
_MOST_WAITING: Final = 0.3
# Of Linux, with what a thread has had and lacked, in nanoseconds.
_OWN_SCHEDSTAT: Final = "/proc/thread-self/schedstat"
_SCHEDSTAT: Final = "/proc/self/task/{}/schedstat"
_SCHEDSTAT_BYTES: Final = 64


@frozen
class CoreTime:
    """For how many seconds a thread has run on a core, and for how many it has waited for one."""

    running: float
    waiting: float

    @property
    def wanted(self) -> float:
        """For how many it has run or waited."""
        return self.running + self.waiting


class IdleCores:
    """
    Watches how long a thread waits for a core whenever it has something to do.

    Where it waits for nearly a third of that time, all cores are busy: one more thread would
    only take turns with it. So they are where there is only one, or the system does not tell.

    :param read: reads the times of the calling thread; ``None`` where the system has none.
    :param cores: on how many cores this process may run.
    """

    def __init__(
        self,
        read: Callable[[], CoreTime | None],
        cores: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._read = read
        self._has_several = cores > 1
        self._clock = clock
        self._before = CoreTime(0.0, 0.0)
        self._look_at = 0.0
        self._are_there = False

    def are_there(self) -> bool:
        """Return whether there were any of late; called by one thread alone."""
        if self._has_several and self._clock() >= self._look_at:
            # To look takes as long as to hash some KiB.
            self._look_at = self._clock() + _LOOKED_AGAIN_SECONDS
            self._look()
        return self._are_there

    def _look(self) -> None:
        now = self._read()
        if now is None:
            return
        waiting = now.waiting - self._before.waiting
        had_to_do = now.running - self._before.running + waiting
        if had_to_do >= _MEASURED_SECONDS:
            self._are_there = waiting < _MOST_WAITING * had_to_do
            self._before = now


def usable_cores() -> int:
    """Count the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def core_time(thread: int) -> CoreTime | None:
    """
    Read the times of a thread; ``None`` where the system does not tell.

    :param thread: its native id.
    """
    try:
        with open(_SCHEDSTAT.format(thread), "rb", buffering=0) as file:
            return _core_time(file.read())
    except OSError:
        return None


def reactor_core_time() -> CoreTime | None:
    """Read the times of the reactor's thread, which alone asks; ``None`` as above."""
    fd = _own_schedstat()
    return None if fd is None else _core_time(os.pread(fd, _SCHEDSTAT_BYTES, 0))


def reactor_waited() -> float:
    """
    Return for how many seconds the reactor's thread has waited for a core so far.

    It alone asks. Where the system does not tell, it has never waited.
    """
    known = reactor_core_time()
    return 0.0 if known is None else known.waiting


def _core_time(schedstat: bytes) -> CoreTime | None:
    try:
        running, waiting, _times = schedstat.split()
    except ValueError:
        return None
    return CoreTime(int(running) / 1e9, int(waiting) / 1e9)


@cache
def _own_schedstat() -> int | None:
    """Open the times of the calling thread, once: it takes ten times as long as to read them."""
    try:
        return os.open(_OWN_SCHEDSTAT, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def had_or_lacked_core() -> float:
    """
    Return for how many seconds the reactor's thread has run on a core so far, or waited for one.

    It alone asks. Where the system does not tell how long it has waited, only for how long it has
    run.
    """
    known = reactor_core_time()
    return thread_time() if known is None else known.wanted
