"""What happens to a peer, as events of the API."""

from collections.abc import Callable
from contextlib import suppress
from math import ceil
from typing import Final

from attrs import define, field
from twisted.logger import Logger

from p2p_twisted.api import event_views, view_of
from p2p_twisted.api.event_stream import Tell
from p2p_twisted.api.limits import LEAST_LOOK_SECONDS, PEER_LOOK_SECONDS
from p2p_twisted.api.offer_routes import offer_view
from p2p_twisted.api.transfer_views import UploadView
from p2p_twisted.api.views import TopologyPeerView
from p2p_twisted.download.progress import Progress
from p2p_twisted.offers.offers_interface import KnownOffer
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
from p2p_twisted.peer_errors import PeerError
from p2p_twisted.runtime.background import background

_SOON: Final = 1
"""How many looks from a change of this peer's own links on."""


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
    _links: dict[str, tuple[str, ...]] = field(init=False)
    _silent: tuple[str, ...] = field(init=False)
    # How many looks the network is left alone; it is not asked while an answer is awaited.
    _rest: int = field(default=0, init=False)
    _is_asking: bool = field(default=False, init=False)

    log = Logger()

    def begin(self, tell: Tell) -> Callable[[], None]:
        """Begin to tell what happens from now on; return what ends it."""
        self._tell = tell
        self._downloads = {each.number: each for each in self._peer.transfers()}
        self._uploads = {}
        self._links, self._silent = {}, ()
        self._rest = 0
        ends = self._peer.watch_sights(self._saw), self._peer.offers.watch(self._offered)

        def end() -> None:
            for each in ends:
                each()

        return end

    def attend(self) -> Callable[[], None]:
        """Have a person be asked about what others push; return what ends that."""
        return self._peer.offers.attend()

    def look(self, sees_network: bool) -> None:
        """Tell which transfers have gone on, begun or ended; ask for the topology at times."""
        self._look_at_downloads()
        self._look_at_uploads()
        self._rest -= 1
        if sees_network and self._rest <= 0 and not self._is_asking:
            background(self.log, "looking at the network", self._look_at_network())

    async def _look_at_network(self) -> None:
        self._is_asking, self._rest = True, LEAST_LOOK_SECONDS
        try:
            # What is answered is a sight; without a network there is none.
            with suppress(PeerError):
                await self._peer.topology()
        finally:
            self._is_asking = False

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

    def _offered(self, known: KnownOffer) -> None:
        self._tell(event_views.OfferEventView(at=self._date(), offer=offer_view(known)))

    def _saw(self, sight: Sight) -> None:
        if isinstance(sight, LinkBegan | LinkEnded):
            self._rest = min(self._rest, _SOON)
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
            case PeersSeen():
                return self._peers(sight, at)
            case QuestionSeen():
                return view_of.question(sight, at)
            case AnswerSeen():
                return view_of.answer(sight, at)

    def _peers(self, seen: PeersSeen, at: float) -> event_views.PeersView | None:
        self._rest = max(LEAST_LOOK_SECONDS, ceil(len(seen.peers) * PEER_LOOK_SECONDS))
        before, was_silent = self._links, self._silent
        self._links = now = {each.peer: tuple(sorted(each.links)) for each in seen.peers}
        self._silent = tuple(sorted(seen.silent))
        if (now, self._silent) == (before, was_silent):
            return None
        return event_views.PeersView(
            at=at,
            came=tuple(sorted(now.keys() - before.keys())),
            went=tuple(sorted(before.keys() - now.keys())),
            peers=len(now),
            changed=tuple(
                TopologyPeerView(name=name, neighbors=links)
                for name, links in now.items()
                if before.get(name) != links
            ),
            silent=self._silent,
        )
