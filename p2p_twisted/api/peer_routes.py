"""What a peer can be asked."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, evolve, field
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.api import request_fields as asked
from p2p_twisted.api import view_of, views
from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.download_request import DownloadRequest, Steps
from p2p_twisted.api.event_stream import Tell
from p2p_twisted.api.event_views import PEER_EVENTS
from p2p_twisted.api.explanation_views import ExplanationView, explanation
from p2p_twisted.api.follow_routes import FollowRoutes
from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.last_lists import LastLists
from p2p_twisted.api.metrics import MetricsView, peer_metrics
from p2p_twisted.api.named_peer import named_peer
from p2p_twisted.api.offer_routes import OfferRoutes
from p2p_twisted.api.peer_events import PeerEvents
from p2p_twisted.api.private_routes import private_routes
from p2p_twisted.api.route import Call, Form, Route
from p2p_twisted.api.transfer_views import DownloadsView, StepView, TransfersView
from p2p_twisted.api.views import FindStepView
from p2p_twisted.peer.hit_list import HitList
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer_errors import Ambiguous, NoNetwork
from p2p_twisted.wire.messages import Hit

_GOODBYE_SECONDS: Final = 0.1
"""How long the daemon stays after it has left, so that the last answer arrives."""


@define
class PeerApi:
    """
    Answers requests for a peer.

    :ivar clock: provides the time, in seconds.
    :param leave: ends the daemon, once the peer has left.
    :param log: of this process, from its start.
    :param more: what can be asked of other parts of the daemon.
    """

    peer: IPeer
    clock: IReactorTime
    _leave: Callable[[], None]
    _log: KeptLog
    _date: Callable[[], float] = time.time
    _more: Sequence[Route] = ()
    title: str = field(default="A peer of p2p_twisted", init=False)
    _followed: FollowRoutes = field(init=False)
    _lists: LastLists = field(factory=LastLists, init=False)

    def __attrs_post_init__(self) -> None:
        source = PeerEvents(self.peer, self._date)
        self._followed = FollowRoutes(source, PEER_EVENTS, self._log, self.clock, self._date)

    def close(self) -> None:
        """End what never ends by itself."""
        self._followed.close()

    def record(self, tell: Tell) -> Callable[[], None]:
        """Tell all that happens from now on; return what ends that."""
        return self._followed.record(tell)

    def routes(self) -> tuple[Route, ...]:
        """List all that can be asked."""
        one, every, share = "/v1/downloads/{number}", "/v1/downloads", "/v1/shares/{name}"
        return (
            Route("GET", "/v1/status", self.status, views.StatusView),
            Route("GET", "/v1/topology", self.topology, views.TopologyView),
            Route("GET", "/v1/find", self.find, views.FoundView, asked.FindQuery),
            Route("GET", "/v1/hits", self.hits, FindStepView, asked.FindQuery, form=Form.LINES),
            Route("GET", "/v1/files", self.files, views.FoundView, asked.FilesQuery),
            Route("GET", "/v1/transfers", self.transfers, TransfersView),
            Route("GET", "/v1/explain", self.explain, ExplanationView, asked.ExplainQuery),
            Route("POST", every, self.get, StepView, asked.GetQuery, form=Form.LINES),
            Route("POST", f"{one}/pause", self.pause, DownloadsView),
            Route("POST", f"{every}/pause", self.pause, DownloadsView),
            Route("POST", f"{one}/resume", self.resume, DownloadsView),
            Route("POST", f"{every}/resume", self.resume, DownloadsView),
            Route("DELETE", one, self.cancel, DownloadsView),
            Route("PATCH", "/v1/limits", self.limit, views.LimitsView, asked.LimitsQuery),
            Route("PUT", share, self.share, views.SharedView, is_upload=True),
            Route("DELETE", share, self.unshare, views.SharedView),
            *self._followed.routes(),
            Route("GET", "/healthz", self.health, views.DoneView),
            Route("GET", "/readyz", self.readiness, views.DoneView),
            Route("GET", "/metrics", self.metrics, MetricsView),
            Route("POST", "/v1/leave", self.leave, views.DoneView),
            Route("POST", "/v1/stop", self.stop, views.DoneView),
            *OfferRoutes(self.peer.offers).routes(),
            *private_routes(self.peer.admin),
            *self._more,
        )

    async def status(self, _call: Call) -> views.StatusView:
        """Show this peer at a glance."""
        return view_of.status(self.peer.status())

    async def topology(self, _call: Call) -> views.TopologyView:
        """Ask all peers who their neighbors are."""
        return view_of.topology(await self.peer.topology())

    async def find(self, call: Call) -> views.FoundView:
        """Search all peers."""
        return view_of.found(await self.peer.find(call.query.text), self._list_for(call))

    async def hits(self, call: Call) -> None:
        """Search all peers; write hits as they come, and a line for the end."""
        told: set[tuple[object, ...]] = set()
        numbered = self._list_for(call)

        def new(hits: Sequence[Hit]) -> tuple[Hit, ...]:
            # The same may come by several ways.
            some = {(hit.peer, hit.name, hit.file): hit for hit in hits}
            news = tuple(hit for key, hit in some.items() if key not in told)
            told.update(some)
            return news

        def part(hits: Sequence[Hit]) -> None:
            if news := new(hits):
                call.stream.emit(FindStepView(hits=view_of.hits(news, numbered)))

        found = await self.peer.find(call.query.text, part)
        rest = new(found.hits)
        end = view_of.found(evolve(found, hits=rest), numbered)
        call.stream.emit(FindStepView(end=end))

    async def files(self, call: Call) -> views.FoundView:
        """List what this peer, or another one, shares."""
        listed = await self.peer.listing(named_peer(call.query.peer))
        return view_of.found(listed, self._list_for(call))

    def _list_for(self, call: Call) -> HitList:
        """Begin what takes the place of the caller's last list, unless nobody is shown this one."""
        return self._lists.new(call.caller) if call.query.numbered else HitList(0)

    async def transfers(self, _call: Call) -> TransfersView:
        """List downloads and uploads, and what is relayed."""
        return TransfersView(
            downloads=tuple(map(view_of.download, self.peer.transfers())),
            uploads=tuple(view_of.upload(name, each) for name, each in self.peer.uploads()),
            relayed=tuple(map(view_of.relayed, self.peer.status().relayed)),
        )

    async def explain(self, call: Call) -> ExplanationView:
        """Say what limits a download, or how a question was answered, and how that went."""
        return explanation(self.peer.explain(call.query.of))

    async def get(self, call: Call) -> None:
        """Download what is named; write a line per progress, and one for the end."""
        query = call.query
        chosen = [self._lists.chosen(call.caller, number) for number in query.numbers]
        words = (*chosen, *query.names)
        if not words:
            raise BadRequest("bad_request", "say what to download, by names or numbers")
        watch = Steps(call.stream.emit, self.clock).watch
        request = DownloadRequest(self.peer, query, named_peer(query.peer), watch)
        try:
            end = await request.answer(words)
        except Ambiguous as error:
            view_of.hits(error.hits, self._list_for(call))
            raise evolve(error, is_numbered=query.numbered) from None
        call.stream.emit(StepView(end=end))

    async def share(self, call: Call) -> views.SharedView:
        """Share a new file, whose content is the body; nothing is replaced."""
        path = await self.peer.share(call.name, call.body.read, call.body.size)
        return views.SharedView(name=call.name, path=os.path.abspath(path))

    async def unshare(self, call: Call) -> views.SharedView:
        """Move a file or folder of this peer's own to where it is not shared any more."""
        path = await self.peer.unshare(call.name)
        return views.SharedView(name=call.name, path=os.path.abspath(path))

    async def pause(self, call: Call) -> DownloadsView:
        """Pause one download, or all."""
        return view_of.downloads(self.peer.pause(call.number))

    async def resume(self, call: Call) -> DownloadsView:
        """Go on with one download, or all."""
        return view_of.downloads(self.peer.resume(call.number))

    async def cancel(self, call: Call) -> DownloadsView:
        """Give a download up."""
        assert call.number is not None
        return view_of.downloads([self.peer.cancel(call.number)])

    async def limit(self, call: Call) -> views.LimitsView:
        """Limit what is sent and received."""
        given = {"up": call.query.up, "down": call.query.down}
        rates = {way: rate or None for way, rate in given.items() if rate is not None}
        self.peer.limit(evolve(self.peer.status().rates, **rates))
        return view_of.limits(self.peer.status().rates)

    async def health(self, _call: Call) -> views.DoneView:
        """Answer: this daemon runs."""
        return views.DoneView()

    async def readiness(self, _call: Call) -> views.DoneView:
        """Answer, if this peer is in the network."""
        status = self.peer.status()
        if status.address is None or not (status.neighbors or status.registered):
            raise NoNetwork(status.registry_fault or "this peer is in no network")
        return views.DoneView()

    async def metrics(self, call: Call) -> MetricsView:
        """Tell how this peer is, for Prometheus."""
        return peer_metrics(await self.status(call), await self.transfers(call))

    async def leave(self, _call: Call) -> views.DoneView:
        """Leave the network, and end this peer."""
        await self.peer.leave()
        self.clock.callLater(_GOODBYE_SECONDS, self._leave)
        return views.DoneView()

    async def stop(self, _call: Call) -> views.DoneView:
        """Stop every peer of the network."""
        await self.peer.stop_network()
        self.clock.callLater(_GOODBYE_SECONDS, self._leave)
        return views.DoneView()
