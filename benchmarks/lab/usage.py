"""Read from Linux what processes and their children use: CPU time and memory."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmarks.lab.sample import Usage

TICK_SECONDS: Final = 1.0 / os.sysconf("SC_CLK_TCK")
"""The system counts CPU time in these."""
_BUSY: Final = (0, 1, 2, 5, 6)
"""Of the times in /proc/stat those that were worked: user, nice, system and interrupts."""


class Side:
    """
    All processes on one side of a run, and those that they start.

    :param pids: those that run already.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = list(pids)
        self._before = cpu_seconds(self._pids)
        self._peak = 0

    def add(self, pid: int) -> None:
        """Count another process, which has just been started."""
        self._pids.append(pid)

    def look(self) -> None:
        """Record how much memory is in use; call it from time to time."""
        self._peak = max(self._peak, peak_memory(self._pids))

    @property
    def usage(self) -> Usage:
        """Return what was used so far; processes that have ended must not have been waited for."""
        self.look()
        return Usage(cpu_seconds(self._pids) - self._before, self._peak)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Add up the CPU time of processes and of all that they have started."""
    # Ended processes count with their parents.
    return sum(sum(_times(pid)) for pid in _with_children(pids)) * TICK_SECONDS


def peak_memory(pids: Iterable[int]) -> int:
    """
    Add up the most memory that processes, and all that they have started, have ever had.

    :returns: bytes; what several share is counted for each.
    """
    return sum(map(_peak, _with_children(pids)))


def busy_seconds() -> float:
    """Return how much CPU time the whole machine has spent."""
    times = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(times[index]) for index in _BUSY) * TICK_SECONDS


def _with_children(pids: Iterable[int]) -> Iterator[int]:
    for pid in pids:
        yield pid
        # It may end at any moment.
        with suppress(FileNotFoundError, ProcessLookupError):
            for file in Path(f"/proc/{pid}/task").glob("*/children"):
                yield from _with_children(map(int, _read(file).split()))


def _times(pid: int) -> Iterator[int]:
    """Yield user and system time, its own and of its children that have ended, in ticks."""
    yield from map(int, _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[11:15])


def _peak(pid: int) -> int:
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
