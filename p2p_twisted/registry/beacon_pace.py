"""Decide when a registry says where it is."""

from math import inf

from attrs import define, field

from p2p_twisted.registry.limits import BEACON_EVERY_SECONDS, BEACONS_PER_SECOND


@define
class BeaconPace:
    """
    Answers questions, but seldom: one answer is for all who have asked.

    :ivar due: when the next beacon is to be sent, in seconds on the monotonic clock.
    """

    due: float
    _sent_at: float = field(default=-inf, init=False)

    def asked(self, now: float) -> None:
        """Send one as soon as another one may be sent."""
        self.due = min(self.due, max(now, self._sent_at + 1 / BEACONS_PER_SECOND))

    def is_asked(self, now: float) -> bool:
        """Return whether one is about to be sent, so that further questions change nothing."""
        return self.due <= max(now, self._sent_at + 1 / BEACONS_PER_SECOND)

    def sent(self, now: float) -> None:
        """Send the next one in a while."""
        self._sent_at, self.due = now, now + BEACON_EVERY_SECONDS
