"""What happens to a peer, as events of the API."""

from collections.abc import Callable

from attrs import define, field

from p2p_twisted.api import event_views, view_of
from p2p_twisted.api.event_stream import Tell
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


@define(eq=False)
class PeerEvents:
    """
    The events of a peer: transfers are looked at, all else is told.

    :param date: reads the time of day, in seconds since 1970.
    """

    _peer: IPeer
    _date: Callable[[], float]
    _tell: Tell = field(init=False)
    _downloads: dict[int, Progress] = field(init=False)
    _uploads: dict[tuple[str, str], UploadView] = field(init=False)
    _names: frozenset[str] = field(init=False)

    def begin(self, tell: Tell) -> Callable[[], None]:
        """Begin to tell what happens from now on; return what ends it."""
        self._tell = tell
        self._downloads = {each.number: each for each in self._peer.transfers()}
        self._uploads = {}
        self._names = frozenset()
        return self._peer.watch_sights(self._saw)

    def look(self) -> None:
        """Tell which transfers have gone on, begun or ended."""
        self._look_at_downloads()
        self._look_at_uploads()

    def _look_at_downloads(self) -> None:
        before, self._downloads = self._downloads, {}
        for progress in self._peer.transfers():
            self._downloads[progress.number] = progress
            if before.get(progress.number) != progress:
                view = view_of.download(progress)
                self._tell(event_views.DownloadEventView(at=self._date(), download=view))

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
        self._tell(event_views.UploadEventView(at=at, upload=upload, is_ended=is_ended))

    def _saw(self, sight: Sight) -> None:
        if (view := self._view(sight, self._date())) is not None:
            self._tell(view)

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
