"""Tell what happens to a peer to all who want to read that."""

from collections.abc import Callable
from typing import Final

from attrs import define, field
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from p2p_twisted.api import event_views, limits, view_of
from p2p_twisted.api.feed import Feed, Ring
from p2p_twisted.api.stream import Stream
from p2p_twisted.api.transfer_views import UploadView
from p2p_twisted.download.progress import Progress
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer.sights import (
    AnswerSeen,
    LinkBegan,
    LinkEnded,
    PeersSeen,
    QuestionSeen,
    RegistrationSeen,
    Sight,
)

_LOOK_SECONDS: Final = 1.0
_MILLISECONDS: Final = 1_000


@define(eq=False)
class PeerEvents:
    """
    The events of a peer.

    They are gathered while somebody reads them, and for a minute after that. Transfers are
    looked at once a second; all else is told.

    :param date: reads the time of day, in seconds since 1970.
    """

    _peer: IPeer
    _clock: IReactorTime
    _date: Callable[[], float]
    _feed: Feed = field(init=False)
    _unwatch: Callable[[], None] | None = field(default=None, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)
    _downloads: dict[int, Progress] = field(factory=dict, init=False)
    _uploads: dict[tuple[str, str], UploadView] = field(factory=dict, init=False)
    _names: frozenset[str] = field(default=frozenset(), init=False)

    def __attrs_post_init__(self) -> None:
        # Numbers of an earlier run are smaller, so that nobody goes on from there.
        first = int(self._date() * _MILLISECONDS)
        ring = Ring(first, limits.EVENTS_KEPT, limits.EVENTS_KEPT_BYTES)
        self._feed = Feed(self._clock, ring)

    async def follow(self, stream: Stream, after: int | None) -> None:
        """
        Write what happens; return when the reader has gone.

        :param after: the number of the last event that it has read.
        :raises BadRequest: when too many read already.
        """
        ring = self._feed.ring
        self._begin()
        at = ring.next if after is None else after + 1
        if not ring.oldest <= at <= ring.next:
            stream.write(_piece(event_views.MissedView(at=self._date())))
            at = ring.oldest
        await self._feed.follow(stream, at)

    def warn(self, text: str) -> None:
        """Tell of something that was logged as a warning."""
        if self._unwatch is not None:
            self._add(event_views.WarningView(at=self._date(), text=text))

    def close(self) -> None:
        """Tell nothing more."""
        self._feed.close()
        self._end()

    def _begin(self) -> None:
        if self._unwatch is None:
            self._unwatch = self._peer.watch_sights(self._saw)
            self._read_at = self._clock.seconds()
            self._downloads = {each.number: each for each in self._peer.transfers()}
            self._timer = self._clock.callLater(_LOOK_SECONDS, self._look)

    def _end(self) -> None:
        if self._unwatch is None:
            return
        self._unwatch()
        self._unwatch = None
        self._uploads.clear()
        self._names = frozenset()
        self._feed.ring.clear()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _look(self) -> None:
        now = self._clock.seconds()
        self._read_at = now if self._feed else self._read_at
        if now - self._read_at > limits.EVENTS_LINGER_SECONDS:
            self._end()
            return
        self._timer = self._clock.callLater(_LOOK_SECONDS, self._look)
        self._look_at_downloads()
        self._look_at_uploads()

    def _look_at_downloads(self) -> None:
        before, self._downloads = self._downloads, {}
        for progress in self._peer.transfers():
            self._downloads[progress.number] = progress
            if before.get(progress.number) != progress:
                view = view_of.download(progress)
                self._add(event_views.DownloadEventView(at=self._date(), download=view))

    def _look_at_uploads(self) -> None:
        before, self._uploads = self._uploads, {}
        for name, progress in self._peer.uploads():
            view = view_of.upload(name, progress)
            key = view.peer, view.id
            self._uploads[key] = view
            if before.pop(key, None) != view:
                self._tell_upload(view, is_ended=False)
        for view in before.values():
            self._tell_upload(view, is_ended=True)

    def _tell_upload(self, upload: UploadView, is_ended: bool) -> None:
        at = self._date()
        self._add(event_views.UploadEventView(at=at, upload=upload, is_ended=is_ended))

    def _saw(self, sight: Sight) -> None:
        if (view := self._view(sight, self._date())) is not None:
            self._add(view)

    def _view(self, sight: Sight, at: float) -> event_views.EventView | None:
        match sight:
            case LinkBegan(neighbor):
                return event_views.LinkedView(at=at, neighbor=view_of.address(neighbor))
            case LinkEnded(neighbor, has_died):
                gone = view_of.address(neighbor)
                return event_views.UnlinkedView(at=at, neighbor=gone, has_died=has_died)
            case RegistrationSeen(is_registered):
                return event_views.RegistrationView(at=at, registered=is_registered)
            case PeersSeen(names):
                return self._peers(names, at)
            case QuestionSeen():
                return view_of.question(sight, at)
            case AnswerSeen():
                return view_of.answer(sight, at)

    def _peers(self, names: frozenset[str], at: float) -> event_views.PeersView | None:
        before, self._names = self._names, names
        if names == before:
            return None
        came, went = tuple(sorted(names - before)), tuple(sorted(before - names))
        return event_views.PeersView(at=at, came=came, went=went, peers=len(names))

    def _add(self, view: event_views.EventView) -> None:
        self._feed.add(_piece(view, self._feed.ring.next))


def _piece(view: event_views.EventView, number: int | None = None) -> bytes:
    """Write an event as browsers read them (HTML standard, server-sent events)."""
    id_ = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (id_, view.kind.encode(), view.encoded())
