"""Find out what holds up a push, as only its holder can know."""

from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

from p2p_twisted.wire.messages import HeldUp
from p2p_twisted.wire.tcp_info import TcpInfo

_TOLD_SECONDS: Final = 1.0
_MOST: Final = 0.5


@frozen
class SendTimes:
    """
    How the seconds of a push went by, at its holder; all of these are totals.

    :ivar streaming: in which there was something to send.
    :ivar paused: in which nothing was sent, for the sake of the holder's own limit.
    :ivar reading: in which its disk was waited for.
    :ivar waiting: in which others had their turn.
    """

    streaming: float = 0.0
    paused: float = 0.0
    reading: float = 0.0
    waiting: float = 0.0


@frozen
class Uplink:
    """
    What all pushes of a peer share.

    :ivar limit: the most that they send together, in bytes a second.
    :ivar pushes: how many there are.
    """

    limit: int | None
    pushes: int


@define
class SelfReport:
    """
    Decides what a holder says of one push, and when; times are in seconds.

    It says nothing where the requester asks for nothing, or has no room for what comes: that knows
    it better.

    :ivar due_at: before that there is nothing to say.
    """

    due_at: float
    _at: float = field(init=False)
    _times: SendTimes = field(factory=SendTimes, init=False)
    _way: TcpInfo | None = field(default=None, init=False)
    _has_measured: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._at = self.due_at
        self.due_at += _TOLD_SECONDS

    def ahead(self, look: Callable[[], Uplink]) -> HeldUp | None:
        """Say before anything was measured what the limit is: a short push ends before that."""
        if self._has_measured or (uplink := look()).limit is None:
            return None
        return HeldUp("limit", uplink.limit, uplink.pushes, ahead=True)

    def held(
        self, times: SendTimes, uplink: Uplink, way: TcpInfo | None, now: float
    ) -> HeldUp | None:
        """Say what has held the push up for most of the time since this was asked last."""
        before, began, way_before = self._times, self._at, self._way
        self._times, self._at, self._way = times, now, way
        self.due_at, self._has_measured = now + _TOLD_SECONDS, True
        streaming = times.streaming - before.streaming
        paused, reading = times.paused - before.paused, times.reading - before.reading
        own_seconds = now - began - (times.waiting - before.waiting)
        if streaming < _MOST * own_seconds:
            return None
        if paused > _MOST * streaming:
            return HeldUp("limit", uplink.limit, uplink.pushes)
        if reading > _MOST * streaming:
            return HeldUp("disk", pushes=uplink.pushes)
        if paused + reading > _MOST * streaming or way is None:
            return None
        return _of_way(way, way_before, uplink, own_seconds)


def _of_way(way: TcpInfo, before: TcpInfo | None, uplink: Uplink, seconds: float) -> HeldUp | None:
    """Say that the way gives no more, if the system had something to send and might send it."""
    busy = way.busy - (before.busy if before is not None else 0.0)
    closed = way.closed - (before.closed if before is not None else 0.0)
    if busy < _MOST * seconds or closed > _MOST * busy:
        return None
    return HeldUp("way", None, uplink.pushes, way.round_trip, way.sent_again)
