"""Answer HTTP requests by the routes of an API."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.api import limits
from p2p_twisted.api.api_errors import CODES, BadRequest, fault_of
from p2p_twisted.api.openapi import LINES, document
from p2p_twisted.api.reading import read_body, read_query
from p2p_twisted.api.route import Call, Route, find_route
from p2p_twisted.api.views import FailureView, StepView, View
from p2p_twisted.runtime.background import background

_JSON: Final = "application/json"
_DOCUMENT: Final = "/v1/openapi.json"
_TOO_LARGE: Final = f"a body may have at most {limits.BODY_BYTES:,} bytes"


class ApiRequest(Request):
    """A request whose body is bounded: Twisted's own keeps any that comes."""

    is_too_large = False
    _body_bytes = 0

    @override
    def gotLength(self, length: int | None) -> None:
        self.is_too_large = length is not None and length > limits.BODY_BYTES
        super().gotLength(0 if self.is_too_large else length)

    @override
    def handleContentChunk(self, data: bytes) -> None:
        self._body_bytes += len(data)
        self.is_too_large = self.is_too_large or self._body_bytes > limits.BODY_BYTES
        if not self.is_too_large:
            super().handleContentChunk(data)
        elif not self.startedWriting:
            # What is still to come of it is not waited for.
            channel, self.clientproto = self.channel, b"HTTP/1.1"
            answer(self, FailureView(error=fault_of(BadRequest("too_large", _TOO_LARGE))))
            channel.loseConnection()


class ApiSite(Site):
    """Listens for requests, and does not log each: what they do is logged where it is done."""

    def __init__(self, resource: "ApiResource") -> None:
        super().__init__(resource, requestFactory=ApiRequest, timeout=limits.IDLE_SECONDS)
        self.displayTracebacks = False
        self.noisy = False

    @override
    def log(self, request: http.Request) -> None:
        """Leave it out."""


@implementer(IPushProducer)
class _Stream:
    """
    Writes the lines of a streamed answer.

    A reader that is slower than the progress is told less of it; it is never waited for.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._is_paused = self._is_over = False
        request.notifyFinish().addBoth(self._over)
        request.registerProducer(self, True)

    @property
    def is_begun(self) -> bool:
        """Whether a line was written, so that no status can be sent any more."""
        return bool(self._request.startedWriting)

    def emit(self, view: View) -> None:
        """Write a line."""
        is_progress = isinstance(view, StepView) and view.download is not None
        if self._is_over or (self._is_paused and is_progress):
            return
        self._request.setHeader("Content-Type", LINES)
        self._request.write(msgspec.json.encode(view) + b"\n")

    def end(self) -> None:
        """Write no more."""
        if not self._is_over:
            self._request.unregisterProducer()
            self._request.finish()

    def pauseProducing(self) -> None:
        """Leave progress out: too much is unread."""
        self._is_paused = True

    def resumeProducing(self) -> None:
        """Write all again."""
        self._is_paused = False

    def stopProducing(self) -> None:
        """Write nothing more: the reader has gone."""
        self._is_over = True

    def _over(self, _result: object) -> None:
        self._is_over = True


class ApiResource(Resource):
    """
    The root of an API.

    :param title: of its document.
    :param refuse: returns why a request is not answered at all, if so.
    """

    log = Logger()

    def __init__(
        self, title: str, routes: Sequence[Route], refuse: Callable[[Request], str | None]
    ) -> None:
        super().__init__()
        # No path is looked up in parts.
        self.isLeaf = True
        self._routes = routes
        self._refuse = refuse
        self._document = msgspec.json.encode(document(title, routes))

    @override
    def render(self, request: Request) -> Any:
        background(self.log, "answering a request", self._answer(request))
        return NOT_DONE_YET

    async def _answer(self, request: Request) -> None:
        gone: list[object] = []
        request.notifyFinish().addBoth(gone.append)
        try:
            view = await self._view(request)
        except Exception as error:
            view = FailureView(error=fault_of(error))
        if view is not None and not gone:
            answer(request, view)

    async def _view(self, request: Request) -> View | bytes | None:
        """
        Do what a request asks for; return the answer, unless that was written as a stream.

        :raises BadRequest: when it asks for nothing that there is.
        :raises PeerError: when it cannot be done.
        """
        if (why := self._refuse(request)) is not None:
            raise BadRequest("forbidden", why)
        path = request.path.decode("ascii", "replace")
        method = request.method.decode("ascii", "replace")
        if (method, path) == ("GET", _DOCUMENT):
            return self._document
        route, number = find_route(self._routes, method, path)
        query = _body(request, route) if route.has_body else read_query(request.args, route.takes)
        if not route.is_stream:
            return await route.answer(Call(query, number, _no_stream))
        stream = _Stream(request)
        try:
            await route.answer(Call(query, number, stream.emit))
        except Exception as error:
            if not stream.is_begun:
                request.unregisterProducer()
                raise
            stream.emit(StepView(error=fault_of(error)))
        stream.end()
        return None


def answer(request: Request, view: View | bytes) -> None:
    """Write an answer that is no stream."""
    if isinstance(view, FailureView):
        request.setResponseCode(CODES[view.error.code])
    body = view if isinstance(view, bytes) else msgspec.json.encode(view)
    request.setHeader("Content-Type", _JSON)
    request.setHeader("Content-Length", str(len(body)))
    request.write(body)
    request.finish()


def _body(request: Request, route: Route) -> Any:
    assert request.content is not None
    body = request.content.read()
    kind = (request.getHeader("Content-Type") or "").partition(";")[0].strip().lower()
    if body and kind != _JSON:
        # A page of another site can post without asking first, but not JSON.
        raise BadRequest("bad_request", f"say Content-Type: {_JSON}")
    if b"?" in request.uri:
        raise BadRequest("bad_request", "what this takes is said in the body, as JSON")
    return read_body(body, route.takes)


def _no_stream(_view: View) -> None:
    raise AssertionError("this answer is no stream")
