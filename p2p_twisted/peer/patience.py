"""Decide when to look again at what a holder is hashing, and when it has been long enough."""

from collections.abc import Sequence
from typing import Final

import attrs

from p2p_twisted.peer_errors import NotReady
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Hit

_SOONEST_SECONDS: Final = 0.5
_FIRST_SECONDS: Final = 1.0
_LATEST_SECONDS: Final = 3.0
_STALL_SECONDS: Final = 15.0
# There may be terabytes before it; but nobody can keep a person waiting for ever.
_STUCK_SECONDS: Final = 12 * 3600.0
_STALL_BYTES: Final = 1 * MIB


class NeverStill(NotReady):
    """It is written to again and again, so that it gets no id."""


@attrs.define
class Patience:
    """
    Decides how long to wait for what is being hashed.

    A file that somebody is copying there grows, and is waited for; a log that is written to for
    ever hardly does.

    :ivar done: how many bytes had been written and hashed when that had last grown by much.
    :ivar since: when that was, in seconds.
    """

    done: int = -1
    since: float = 0.0
    _size: int = 0
    _first: tuple[float, int] | None = None

    def look(self, hits: Sequence[Hit], now: float) -> float:
        """
        Look at how far holders are.

        :param hits: of one thing, one of each holder.
        :param now: seconds on the monotonic clock.
        :returns: when to look again, in seconds from now.
        :raises NeverStill: when it has been written to for long, and has hardly grown.
        :raises NotReady: when its holder gets no further.
        """
        size = sum(hit.size for hit in hits)
        done = size + sum(hit.size * hit.hashed // 100 for hit in hits)
        if done >= self.done + _STALL_BYTES or self.done < 0:
            self.done, self.since, self._size = done, now, size
        self.done = min(self.done, done)
        growing = [hit for hit in hits if hit.growing]
        if now - self.since >= _STUCK_SECONDS:
            raise NotReady(f"{hits[0].peer} gets no further in hashing {hits[0].name}")
        # Peers of earlier versions do not say that a file grows: its size does.
        if (growing or size != self._size) and now - self.since >= _STALL_SECONDS:
            raise NeverStill(_never_still((growing or hits)[0]))
        return self._next_look_in(sum(hit.hashed for hit in hits) // len(hits), now)

    def _next_look_in(self, percent: int, now: float) -> float:
        """Estimate when it will be hashed, from how that has gone."""
        if self._first is None or percent <= self._first[1]:
            # Not begun: it is still being written to, or others are before it.
            self._first = now, percent
            return _FIRST_SECONDS
        began, before = self._first
        left = (100 - percent) * (now - began) / (percent - before)
        return min(max(left, _SOONEST_SECONDS), _LATEST_SECONDS)


def _never_still(hit: Hit) -> str:
    whose = f"files in {hit.name}" if hit.kind == "folder" else hit.name
    return (
        f"{hit.peer} keeps writing to {whose}: it can be downloaded once it has not been"
        " written to for a second"
    )
