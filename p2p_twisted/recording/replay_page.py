"""Serve the page that plays a recording, on loopback, to who was let in; it only reads."""

from typing import Any, Final

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.event_views import EventView
from p2p_twisted.api.limits import WEB_CONNECTIONS
from p2p_twisted.api.page_files import PageFiles
from p2p_twisted.api.resource import ApiResource
from p2p_twisted.api.route import Call, Form, Route
from p2p_twisted.api.web_access import WebAccess
from p2p_twisted.recording.recorded_run import RecordedRun
from p2p_twisted.recording.recorded_views import KINDS
from p2p_twisted.recording.replay_views import PieceEndView, PieceQuery, ReplayView
from p2p_twisted.runtime.threads import Offload

_LOOPBACK: Final = "127.0.0.1"
_PAGE: Final = "replay.html"
_LINES: Final = (*KINDS.values(), PieceEndView)


class ReplayPage:
    """
    A recording as the page asks for it.

    :param offload: calls what reads the file.
    """

    title = "A recording of p2p_twisted"

    def __init__(self, run: RecordedRun, offload: Offload) -> None:
        self._run = run
        self._offload = offload
        self._access = WebAccess()

    def open(self, reactor: Any) -> Any:
        """
        Listen at a free port; return what is listened with.

        :raises CannotListenError: when none is to be had.
        """
        page = PageFiles(self._access, _PAGE)
        site = ApiSite(
            ApiResource(self.title, self.routes(), self._access.refuse, page), WEB_CONNECTIONS
        )
        listening = reactor.listenTCP(0, site, interface=_LOOPBACK)
        self._access.port = listening.getHost().port
        return listening

    def address(self) -> str:
        """Make an address that lets one browser in, within a minute."""
        return f"{self._access.url}/#{self._access.sign_ins.code()}"

    def routes(self) -> tuple[Route, ...]:
        """List what can be asked."""
        piece = Route("GET", "/v1/recorded", self.piece, _LINES, PieceQuery, form=Form.LINES)
        return Route("GET", "/v1/status", self.status, ReplayView), piece

    async def status(self, _call: Call) -> ReplayView:
        """Tell whose recording it is, and from when to when."""
        run, header = self._run, self._run.header
        return ReplayView(
            of=header.of,
            name=header.name,
            network=header.network,
            recorded_by=header.version,
            begins=run.begins,
            ends=run.ends,
            events=run.events,
            damaged=run.damaged,
        )

    async def piece(self, call: Call) -> None:
        """Tell how things stood, and some of what happened then; or some of what followed."""
        at, offset = call.query.at, call.query.offset
        if (at is None) == (offset is None):
            raise BadRequest("bad_request", "say at, or offset")
        call.stream.write(await self._offload(self._lines, at, offset))

    def _lines(self, at: float | None, offset: int | None) -> bytes:
        stood: list[EventView] = []
        if at is not None:
            state, offset = self._run.seek(at)
            stood += state.snapshot(at)
        assert offset is not None
        piece = self._run.piece(offset)
        last = max((each.at for each in piece.events), default=self._run.begins)
        end = PieceEndView(at=last, next=piece.next)
        return b"".join(each.encoded() + b"\n" for each in (*stood, *piece.events, end))
