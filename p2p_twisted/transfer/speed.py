"""How fast something moves."""

from collections import deque
from typing import Final

_OVER_SECONDS: Final = 5.0
_MARK_SECONDS: Final = 0.2


class Speed:
    """
    Measures over the last five seconds.

    :param now: seconds on the monotonic clock, here and below.
    :ivar total: how many bytes have moved.
    """

    def __init__(self, now: float) -> None:
        self.total = 0
        # How much had moved when.
        self._marks = deque([(now, 0)])

    def moved(self, count: int, now: float) -> None:
        """Count bytes."""
        if now - self._marks[-1][0] >= _MARK_SECONDS:
            self._marks.append((now, self.total))
        self.total += count

    def rate(self, now: float) -> float:
        """Tell how many bytes a second it has been lately."""
        marks = self._marks
        while len(marks) > 1 and marks[1][0] <= now - _OVER_SECONDS:
            marks.popleft()
        since, before = marks[0]
        return (self.total - before) / (now - since) if now > since else 0.0
