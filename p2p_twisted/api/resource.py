"""Answer HTTP requests by the routes of an API."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import attrs
import msgspec
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request
from typing_extensions import override

from p2p_twisted.api.api_errors import BadRequest, fault_of
from p2p_twisted.api.api_request import ApiRequest, answer
from p2p_twisted.api.openapi import document
from p2p_twisted.api.reading import read_body, read_query
from p2p_twisted.api.route import Call, Form, Route, find_route
from p2p_twisted.api.stream import Stream
from p2p_twisted.api.upload_body import UploadBody
from p2p_twisted.api.views import FailureView, View
from p2p_twisted.runtime.background import background

_DOCUMENT: Final = b"/v1/openapi.json"


class Page(Protocol):
    """Answers some paths otherwise."""

    def has(self, path: bytes) -> bool:
        """Return whether this is such a path."""

    def answer(self, request: ApiRequest) -> None:
        """Answer a request for one."""


class ApiResource(Resource):
    """
    The root of an API.

    :param title: of its document.
    :param refuse: returns why a request is not answered at all, if so.
    :param page: for browsers, where there is one.
    :param caller: tells apart those who ask; by default they are one.
    """

    log = Logger()

    def __init__(
        self,
        title: str,
        routes: Sequence[Route],
        refuse: Callable[[Request], str | None],
        page: Page | None = None,
        caller: Callable[[Request], int] = lambda _request: 0,
    ) -> None:
        super().__init__()
        # No path is looked up in parts.
        self.isLeaf = True
        self._routes = routes
        self._refuse = refuse
        self._page = page
        self._caller = caller
        self._document = msgspec.json.encode(document(title, routes))

    @override
    def render(self, request: ApiRequest) -> Any:
        if request.upload is not None:
            request.upload.end()
        elif request.is_refused:
            pass
        elif self._page is not None and self._page.has(request.path):
            self._page.answer(request)
        else:
            background(self.log, "answering a request", self._answer(request))
        return NOT_DONE_YET

    def begin_upload(
        self, request: ApiRequest, method: bytes, target: bytes, size: int | None
    ) -> UploadBody | None:
        """
        Begin to answer a request whose body is taken as it comes.

        :returns: that body; ``None`` for all other requests.
        """
        path, _, query = target.partition(b"?")
        try:
            route, call = self._find(method, path)
        except BadRequest:
            return None
        if not route.is_upload:
            return None
        transport: Any = request.channel.transport
        body = UploadBody(transport, size)
        work = self._take(request, route, attrs.evolve(call, body=body), query)
        background(self.log, "taking an upload", work)
        request.notifyFinish().addErrback(lambda _gone: body.lose())
        return body

    async def _take(self, request: ApiRequest, route: Route, call: Call, query: bytes) -> None:
        try:
            self._check_allowed(request)
            if query:
                raise BadRequest("bad_request", f"{route.path} takes no fields")
            view = await route.answer(call)
        except Exception as error:
            if not request.is_gone:
                request.refuse(error)
        else:
            assert view is not None
            if not request.is_gone:
                answer(request, view)

    async def _answer(self, request: ApiRequest) -> None:
        try:
            view = await self._view(request)
        except Exception as error:
            view = FailureView(error=fault_of(error))
        if view is not None and not request.is_gone:
            answer(request, view)

    async def _view(self, request: Request) -> View | bytes | None:
        """
        Do what a request asks for; return the answer, unless that was written as a stream.

        :raises BadRequest: when it asks for nothing that there is.
        :raises PeerError: when it cannot be done.
        """
        self._check_allowed(request)
        if (request.method, request.path) == (b"GET", _DOCUMENT):
            return self._document
        route, call = self._find(request.method, request.path)
        query = _body(request, route) if route.has_body else _query(request, route)
        call = attrs.evolve(call, query=query, caller=self._caller(request))
        if not route.is_stream:
            return await route.answer(call)
        stream = Stream(request, route.form, route.gives)
        try:
            await route.answer(attrs.evolve(call, stream=stream))
        except Exception as error:
            if not stream.is_begun:
                request.unregisterProducer()
                raise
            stream.fail(fault_of(error))
        stream.end()
        return None

    def _check_allowed(self, request: Request) -> None:
        if (why := self._refuse(request)) is not None:
            raise BadRequest("forbidden", why)

    def _find(self, method: bytes, path: bytes) -> tuple[Route, Call]:
        return find_route(
            self._routes, method.decode("ascii", "replace"), path.decode("ascii", "replace")
        )


def _query(request: Request, route: Route) -> Any:
    arguments = dict(request.args)
    last = request.requestHeaders.getRawHeaders(b"Last-Event-ID")
    if last and route.form is Form.EVENTS:
        # Said by a browser that goes on by itself, where the path still says how it began.
        arguments[b"after"] = [last[-1]]
    return read_query(arguments, route.takes)


def _body(request: Request, route: Route) -> Any:
    assert request.content is not None
    body = request.content.read()
    kind = (request.getHeader(b"Content-Type") or b"").partition(b";")[0].strip().lower()
    if body and kind != Form.JSON.encode():
        # A page of another site can post without asking first, but not JSON.
        raise BadRequest("bad_request", f"say Content-Type: {Form.JSON}")
    if b"?" in request.uri:
        raise BadRequest("bad_request", "what this takes is said in the body, as JSON")
    return read_body(body, route.takes)
