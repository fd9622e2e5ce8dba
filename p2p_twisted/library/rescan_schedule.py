"""Decide when which folders of a library are scanned again."""

import math
from typing import Final

from p2p_twisted.library.entries import Place, Visit

GATHER_SECONDS: Final = 0.1
RESCAN_SECONDS: Final = 60.0
BLIND_RESCAN_SECONDS: Final = 5.0

_REST: Final = 5
_RESCAN_REST: Final = 50
"""Pauses after a scan, as multiples of its duration, so that huge libraries are not always busy."""


class RescanSchedule:
    """
    Collects changed folders, and schedules full scans in between.

    :param root: the library's directory.
    :ivar is_blind: whether some folder is not watched; full scans are then more frequent.
    """

    def __init__(self, root: Place) -> None:
        self._root = root
        self.is_blind = False
        self._changed: dict[str, Visit] = {}
        self._scan_at = math.inf
        self._rescan_at = -math.inf
        self._rests_until = -math.inf

    def note(self, place: Place, is_deep: bool, now: float) -> None:
        """Schedule a scan of a folder; changes within 0.1 s are scanned together."""
        before = self._changed.get(place.name)
        self._changed[place.name] = Visit(place, is_deep or (before is not None and before.is_deep))
        self._scan_at = min(self._scan_at, max(now + GATHER_SECONDS, self._rests_until))

    def next_time(self) -> float:
        """Return when the next scan is due, in seconds on the monotonic clock."""
        return min(self._scan_at, self._rescan_at)

    def take_due(self, now: float) -> list[Visit]:
        """Remove and return the folders to scan now; a deep visit to the root replaces all."""
        if now >= self._rescan_at:
            self._rescan_at = math.inf
            self.is_blind = False
            self._changed = {self._root.name: Visit(self._root, True)}
        elif now < self._scan_at:
            return []
        visits = list(self._changed.values())
        self._changed = {}
        self._scan_at = math.inf
        return [each for each in visits if each.is_deep and not each.place.path] or visits

    def record_scan(self, began: float, now: float) -> None:
        """Record that a scan has ended."""
        took = now - began
        self._rests_until = now + _REST * took
        self._scan_at = max(self._scan_at, self._rests_until) if self._changed else math.inf
        every = BLIND_RESCAN_SECONDS if self.is_blind else RESCAN_SECONDS
        self._rescan_at = min(self._rescan_at, now + max(every, _RESCAN_REST * took))
