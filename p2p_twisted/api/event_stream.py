"""Tell what happens to a daemon to all who want to read that."""

from collections.abc import Callable
from typing import Final, Protocol

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from p2p_twisted.api import limits
from p2p_twisted.api.event_views import EventView, MissedView, WarningView
from p2p_twisted.api.feed import Feed, Ring
from p2p_twisted.api.stream import Stream
from p2p_twisted.runtime.watches import Watches

_LOOK_SECONDS: Final = 1.0
_MILLISECONDS: Final = 1_000

Tell = Callable[[EventView], None]


class EventSource(Protocol):
    """What can be told of a daemon."""

    def begin(self, tell: Tell) -> Callable[[], None]:
        """Begin to tell what happens; return what ends it."""

    def attend(self) -> Callable[[], None]:
        """Have a person be asked, who reads along from now on; return what ends that."""

    def look(self, sees_network: bool) -> None:
        """
        Look, once a second, for what is not told by itself.

        :param sees_network: whether somebody wants to know what changes in the whole network.
        """


@define(eq=False)
class EventStream:
    """
    The events of a daemon.

    They are gathered while somebody reads or records them, and for a minute after that.

    :param date: reads the time of day, in seconds since 1970.
    """

    _source: EventSource
    _clock: IReactorTime
    _date: Callable[[], float]
    _feed: Feed = field(init=False)
    _unwatch: Callable[[], None] | None = field(default=None, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)
    _recorders: Watches[EventView] = field(factory=Watches, init=False)
    # How many of those that read want to know the whole network.
    _seers: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        # Numbers of an earlier run are smaller, so that nobody goes on from there.
        first = int(self._date() * _MILLISECONDS)
        ring = Ring(first, limits.EVENTS_KEPT, limits.EVENTS_KEPT_BYTES)
        self._feed = Feed(self._clock, ring)

    def record(self, tell: Tell) -> Callable[[], None]:
        """Tell all that happens from now on, in the whole network; return what ends that."""
        unwatch = self._recorders.watch(tell)
        self._begin()
        return unwatch

    async def follow(
        self,
        stream: Stream,
        after: int | None,
        sees_network: bool,
        is_person: bool,
    ) -> None:
        """
        Write what happens; return when the reader has gone.

        :param after: the number of the last event that it has read.
        :param sees_network: whether it wants to know what changes in the whole network.
        :param is_person: whether it can be asked about what others push.
        :raises BadRequest: when too many read already.
        """
        ring = self._feed.ring
        self._begin()
        at = ring.next if after is None else after + 1
        if not ring.oldest <= at <= ring.next:
            stream.write(_piece(MissedView(at=self._date())))
            at = ring.oldest
        self._seers += sees_network
        leave = self._source.attend() if is_person else None
        try:
            await self._feed.follow(stream, at)
        finally:
            self._seers -= sees_network
            if leave is not None:
                leave()

    def warn(self, text: str) -> None:
        """Tell of something that was logged as a warning."""
        if self._unwatch is not None:
            self._add(WarningView(at=self._date(), text=text))

    def close(self) -> None:
        """Tell nothing more."""
        self._feed.close()
        self._end()

    def _begin(self) -> None:
        if self._unwatch is None:
            self._unwatch = self._source.begin(self._add)
            self._read_at = self._clock.seconds()
            self._timer = self._clock.callLater(_LOOK_SECONDS, self._look)

    def _end(self) -> None:
        if self._unwatch is None:
            return
        self._unwatch()
        self._unwatch = None
        self._feed.ring.clear()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _look(self) -> None:
        now = self._clock.seconds()
        self._read_at = now if self._feed or self._recorders else self._read_at
        if now - self._read_at > limits.EVENTS_LINGER_SECONDS:
            self._end()
            return
        self._timer = self._clock.callLater(_LOOK_SECONDS, self._look)
        self._source.look(bool(self._seers or self._recorders))

    def _add(self, view: EventView) -> None:
        self._recorders.tell(view)
        self._feed.add(_piece(view, self._feed.ring.next))


def _piece(view: EventView, number: int | None = None) -> bytes:
    """Write an event as browsers read them (HTML standard, server-sent events)."""
    id_ = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (id_, view.kind.encode(), view.encoded())
