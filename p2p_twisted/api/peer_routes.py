"""What a peer can be asked."""

from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, evolve
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.api import request_fields, view_of, views
from p2p_twisted.api.api_errors import fault_of
from p2p_twisted.api.route import Call, Emit, Route
from p2p_twisted.download.progress import Progress
from p2p_twisted.peer.interface import AlreadyHere, IPeer, NotFound, PeerError, Watch
from p2p_twisted.runtime.exit_status import Exit

_PROGRESS_SECONDS: Final = 0.2
"""The least between two lines about one download."""
_GOODBYE_SECONDS: Final = 0.1
"""How long the daemon stays after it has left, so that the last answer arrives."""


@define
class PeerApi:
    """
    Answers requests for a peer.

    :ivar clock: provides the time, in seconds.
    :param leave: ends the daemon, once the peer has left.
    """

    peer: IPeer
    clock: IReactorTime
    _leave: Callable[[], None]

    def routes(self) -> tuple[Route, ...]:
        """List all that can be asked."""
        return (
            Route(
                method="GET",
                path="/v1/status",
                summary="This peer at a glance",
                answer=self.status,
                gives=views.StatusView,
            ),
            Route(
                method="GET",
                path="/v1/topology",
                summary="Ask all peers who their neighbors are",
                answer=self.topology,
                gives=views.TopologyView,
            ),
            Route(
                method="GET",
                path="/v1/find",
                summary="Search all peers",
                answer=self.find,
                takes=request_fields.FindQuery,
                gives=views.FoundView,
            ),
            Route(
                method="GET",
                path="/v1/files",
                summary="List what this peer, or another one, shares",
                answer=self.files,
                takes=request_fields.FilesQuery,
                gives=views.FoundView,
            ),
            Route(
                method="GET",
                path="/v1/transfers",
                summary="List downloads and uploads",
                answer=self.transfers,
                gives=views.TransfersView,
            ),
            Route(
                method="POST",
                path="/v1/downloads",
                summary="Download; a line per progress, and one for the end. Whoever closes the"
                " connection leaves the downloads running",
                answer=self.get,
                takes=request_fields.GetQuery,
                gives=views.StepView,
                is_stream=True,
            ),
            *self._changes(),
        )

    def _changes(self) -> tuple[Route, ...]:
        """List what changes the state of a peer and its downloads."""
        one, all_ = "/v1/downloads/{number}", "/v1/downloads"
        return (
            Route(
                method="POST",
                path=f"{one}/pause",
                summary="Pause a download",
                answer=self.pause,
                gives=views.DownloadsView,
            ),
            Route(
                method="POST",
                path=f"{all_}/pause",
                summary="Pause all downloads",
                answer=self.pause,
                gives=views.DownloadsView,
            ),
            Route(
                method="POST",
                path=f"{one}/resume",
                summary="Go on with a download",
                answer=self.resume,
                gives=views.DownloadsView,
            ),
            Route(
                method="POST",
                path=f"{all_}/resume",
                summary="Go on with all downloads",
                answer=self.resume,
                gives=views.DownloadsView,
            ),
            Route(
                method="DELETE",
                path=one,
                summary="Give a download up",
                answer=self.cancel,
                gives=views.DownloadsView,
            ),
            Route(
                method="PATCH",
                path="/v1/limits",
                summary="Limit what is sent and received",
                answer=self.limit,
                takes=request_fields.LimitsQuery,
                gives=views.LimitsView,
            ),
            Route(
                method="POST",
                path="/v1/leave",
                summary="Leave the network, and end this peer",
                answer=self.leave,
                gives=views.DoneView,
            ),
            Route(
                method="POST",
                path="/v1/stop",
                summary="Stop every peer of the network",
                answer=self.stop,
                gives=views.DoneView,
            ),
        )

    async def status(self, _call: Call) -> views.StatusView:
        """Describe this peer."""
        return view_of.status(self.peer.status())

    async def topology(self, _call: Call) -> views.TopologyView:
        """Collect the peers and links of the whole network."""
        return view_of.topology(await self.peer.topology())

    async def find(self, call: Call) -> views.FoundView:
        """Search all peers."""
        return view_of.found(await self.peer.find(call.query.text))

    async def files(self, call: Call) -> views.FoundView:
        """List what a peer shares."""
        return view_of.found(await self.peer.listing(call.query.peer))

    async def transfers(self, _call: Call) -> views.TransfersView:
        """List downloads and uploads."""
        return views.TransfersView(
            downloads=tuple(map(view_of.download, self.peer.transfers())),
            uploads=tuple(view_of.upload(name, each) for name, each in self.peer.uploads()),
        )

    async def get(self, call: Call) -> None:
        """Download what is named, and emit how it goes."""
        watch = _Steps(call.emit, self.clock).watch
        try:
            end = await self._get(call.query, watch)
        except AlreadyHere:
            end = views.FetchedView(exit=Exit.DONE, here=call.query.names)
        call.emit(views.StepView(end=end))

    async def _get(self, query: request_fields.GetQuery, watch: Watch) -> views.FetchedView:
        if len(query.names) == 1:
            # As at the console: a name that exists comes before what it means as a pattern.
            try:
                ended = await self.peer.get(query.names[0], watch, query.peer)
                return views.FetchedView(exit=ended.exit, downloads=(view_of.download(ended),))
            except AlreadyHere:
                raise
            except NotFound:
                if not set(query.names[0]) & set("*?["):
                    raise
        selection = await self.peer.select(query.names, query.peer, watch)
        all_ended: Sequence[Progress] = ()
        if selection.things:
            all_ended = await self.peer.get_selected(selection, watch)
        exits = {*(each.exit for each in all_ended), *(why.exit for _, why in selection.failed)}
        if selection.here:
            exits.add(Exit.DONE)
        return views.FetchedView(
            exit=Exit.DONE if exits <= {Exit.DONE} else Exit.of(exits),
            downloads=tuple(map(view_of.download, all_ended)),
            here=selection.here,
            failed=tuple(_unfetched(word, why) for word, why in selection.failed),
        )

    async def pause(self, call: Call) -> views.DownloadsView:
        """Pause a download, or all."""
        return _some(self.peer.pause(call.number))

    async def resume(self, call: Call) -> views.DownloadsView:
        """Go on with a download, or all."""
        return _some(self.peer.resume(call.number))

    async def cancel(self, call: Call) -> views.DownloadsView:
        """Give a download up."""
        assert call.number is not None
        return _some([self.peer.cancel(call.number)])

    async def limit(self, call: Call) -> views.LimitsView:
        """Limit what is sent and received."""
        given = {"up": call.query.up, "down": call.query.down}
        rates = {way: rate or None for way, rate in given.items() if rate is not None}
        self.peer.limit(evolve(self.peer.status().rates, **rates))
        return view_of.limits(self.peer.status().rates)

    async def leave(self, _call: Call) -> views.DoneView:
        """Leave the network."""
        await self.peer.leave()
        self.clock.callLater(_GOODBYE_SECONDS, self._leave)
        return views.DoneView()

    async def stop(self, _call: Call) -> views.DoneView:
        """Stop every peer."""
        await self.peer.stop_network()
        self.clock.callLater(_GOODBYE_SECONDS, self._leave)
        return views.DoneView()


class _Steps:
    """Emits the progress of downloads, not too often; but every change of a state."""

    def __init__(self, emit: Emit, clock: IReactorTime) -> None:
        self._emit = emit
        self._clock = clock
        self._last: dict[int, tuple[type, float]] = {}

    def watch(self, progress: Progress) -> None:
        """Emit a download's progress."""
        now, kind = self._clock.seconds(), type(progress.state)
        before, at = self._last.get(progress.number, (None, 0.0))
        if kind is before and now - at < _PROGRESS_SECONDS:
            return
        self._last[progress.number] = kind, now
        self._emit(views.StepView(download=view_of.download(progress)))


def _some(downloads: Sequence[Progress]) -> views.DownloadsView:
    return views.DownloadsView(downloads=tuple(map(view_of.download, downloads)))


def _unfetched(word: str, why: PeerError) -> views.UnfetchedView:
    fault = fault_of(why)
    return views.UnfetchedView(name=word, code=fault.code, reason=fault.message, exit=fault.exit)
