"""Measure how fast something moves."""

from collections import deque
from typing import Final

_OVER_SECONDS: Final = 5.0
_MARK_SECONDS: Final = 0.2


class Meter:
    """
    Measures a rate over the last five seconds.

    :ivar total: how many bytes have moved.
    """

    def __init__(self) -> None:
        self.total = 0
        self._began = 0.0
        # Times within the last seconds, and how many bytes had moved before each.
        self._marks: deque[tuple[float, int]] = deque()

    def moved(self, count: int, now: float) -> None:
        """
        Count bytes.

        :param now: seconds on the monotonic clock, here and in :meth:`rate`.
        """
        if not self.total:
            self._began = now
        if not self._marks or now - self._marks[-1][0] >= _MARK_SECONDS:
            self._marks.append((now, self.total))
        self._forget(now)
        self.total += count

    def rate(self, now: float) -> float:
        """Return the recent rate in bytes per second."""
        self._forget(now)
        if not self._marks or now <= self._began:
            return 0.0
        return (self.total - self._marks[0][1]) / min(now - self._began, _OVER_SECONDS)

    def _forget(self, now: float) -> None:
        while self._marks and self._marks[0][0] < now - _OVER_SECONDS:
            self._marks.popleft()
