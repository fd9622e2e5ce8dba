"""When a library is to look where; it says what is due, and looks at nothing."""

import math
from typing import Final

from p2p_twisted.library.entries import Place, Visit

GATHER_SECONDS: Final = 0.1
RESCAN_SECONDS: Final = 60.0
BLIND_RESCAN_SECONDS: Final = 5.0

_REST: Final = 5
_RESCAN_REST: Final = 50
"""How many times as long as it looked the library rests, where there are very many files."""


class RescanSchedule:
    """
    Folders that have changed, and when everything is looked at anyway.

    :ivar is_blind: not every folder is watched.
    """

    def __init__(self) -> None:
        self.is_blind = False
        self._changed: dict[str, Visit] = {}
        self._look_at = math.inf
        self._rescan_at = -math.inf
        self._rests_until = -math.inf

    def note(self, place: Place, is_deep: bool, now: float) -> None:
        """Look into a folder soon: several changes are looked at together."""
        before = self._changed.get(place.name)
        self._changed[place.name] = Visit(place, is_deep or (before is not None and before.is_deep))
        self._look_at = min(self._look_at, max(now + GATHER_SECONDS, self._rests_until))

    def next_time(self) -> float:
        """Tell when there will be folders to look into."""
        return min(self._look_at, self._rescan_at)

    def due_visits(self, now: float) -> list[Visit]:
        """Take the folders that are to be looked into now; the root stands for all."""
        if now >= self._rescan_at:
            self._rescan_at = math.inf
            self.is_blind = False
            self._changed = {"": Visit(Place(), True)}
        elif now < self._look_at:
            return []
        visits = list(self._changed.values())
        self._changed = {}
        self._look_at = math.inf
        return [each for each in visits if each.is_deep and not each.place.name] or visits

    def record_look(self, began: float, now: float) -> None:
        """Take note that a look has ended."""
        took = now - began
        self._rests_until = now + _REST * took
        self._look_at = max(self._look_at, self._rests_until) if self._changed else math.inf
        every = BLIND_RESCAN_SECONDS if self.is_blind else RESCAN_SECONDS
        self._rescan_at = min(self._rescan_at, now + max(every, _RESCAN_REST * took))
