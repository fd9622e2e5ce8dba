"""When a library is to look where; it says what is due, and does nothing."""

import math
from typing import Final

from p2p_twisted.library.entries import OnDisk, Place, Visit

STILL_SECONDS: Final = 1.0
"""How long a file must not have been written to before it is hashed, unless it was closed."""

GATHER_SECONDS: Final = 0.1
RESCAN_SECONDS: Final = 60.0
BLIND_RESCAN_SECONDS: Final = 5.0

_REST: Final = 5
"""How many times as long as it looked the library rests, for folders with very many files."""


class Agenda:
    """
    Folders that have changed, and files that are waited for.

    :ivar is_blind: not every folder is watched.
    """

    def __init__(self) -> None:
        self.is_blind = False
        self._changed: dict[str, Visit] = {}
        self._look_at = math.inf
        self._rescan_at = -math.inf
        self._rests_until = -math.inf
        self._restless: dict[str, tuple[float, OnDisk]] = {}

    def note(self, place: Place, is_deep: bool, now: float) -> None:
        """Look into a folder soon: several changes are looked at together."""
        before = self._changed.get(place.name)
        self._changed[place.name] = Visit(place, is_deep or (before is not None and before.is_deep))
        self._look_at = min(self._look_at, max(now + GATHER_SECONDS, self._rests_until))

    def wait_for(self, on_disk: OnDisk, now: float) -> None:
        """Let a file come to rest before it is hashed."""
        self._restless[on_disk.name] = (now + STILL_SECONDS, on_disk)

    def forget(self, name: str) -> None:
        """Do not wait for a file any more."""
        self._restless.pop(name, None)

    def next_time(self) -> float:
        """Tell when anything is due."""
        waits = (until for until, _ in self._restless.values())
        return min(self._look_at, self._rescan_at, min(waits, default=math.inf))

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

    def looked(self, began: float, now: float) -> None:
        """Take note that a look has ended."""
        rest = _REST * (now - began)
        self._rests_until = now + rest
        self._look_at = max(self._look_at, self._rests_until) if self._changed else math.inf
        if self._rescan_at == math.inf:
            every = BLIND_RESCAN_SECONDS if self.is_blind else RESCAN_SECONDS
            self._rescan_at = now + max(every, rest)

    def due_files(self, now: float) -> list[OnDisk]:
        """Take the files that have been still for long enough."""
        still = [on_disk for until, on_disk in self._restless.values() if now >= until]
        for on_disk in still:
            del self._restless[on_disk.name]
        return still
