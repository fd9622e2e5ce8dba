"""How long a peer waits before it asks the registry again."""

from typing import Final

from attrs import define

from p2p_twisted.peer.lease_events import WakeLater

_LEAST_PAUSE_SECONDS: Final = 1.0
_FIRST_RETRY_SECONDS: Final = 1.0
_LONGEST_RETRY_SECONDS: Final = 30.0
"""Half of the shortest lease: a registry that is back knows all its peers within one."""
_FIRST_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 3.0
"""Of a newcomer, who can do nothing else, and whose person waits too."""


@define
class LeasePause:
    """
    The pauses between one peer's requests; ``now`` is in seconds on the monotonic clock.

    :ivar soonest: while it pauses, when that may end at the earliest.
    """

    soonest: float | None = None
    _retry: float = _FIRST_WAIT_SECONDS

    def reset(self) -> None:
        """Make the next pause a short one."""
        self._retry = _FIRST_RETRY_SECONDS

    def until_lease(self, now: float, lease: float, has_neighbors: bool) -> WakeLater:
        """
        Wait for half of a lease that the registry has just given; for less without a neighbor.

        :param lease: in seconds.
        """
        self.soonest = now + _LEAST_PAUSE_SECONDS
        if has_neighbors:
            self.reset()
            return WakeLater(lease / 2)
        return WakeLater(min(self._next(_LONGEST_RETRY_SECONDS), lease / 2))

    def until_retry(self, now: float, is_joining: bool) -> WakeLater:
        """Wait where there is no lease: twice as long each time."""
        if is_joining:
            self.soonest = now
            return WakeLater(self._next(_LONGEST_WAIT_SECONDS))
        self.soonest = now + _LEAST_PAUSE_SECONDS
        return WakeLater(self._next(_LONGEST_RETRY_SECONDS))

    def _next(self, longest: float) -> float:
        pause, self._retry = self._retry, min(2 * self._retry, longest)
        return pause
