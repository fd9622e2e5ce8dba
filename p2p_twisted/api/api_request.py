"""Accept requests with bounded bodies, and large ones as they come."""

from collections import Counter
from functools import cached_property
from http import HTTPStatus
from math import inf
from typing import Any, Final

from twisted.web import http
from twisted.web.server import Request, Site
from typing_extensions import override

from p2p_twisted.api import limits
from p2p_twisted.api.api_errors import CODES, BadRequest, fault_of
from p2p_twisted.api.request_queue import RequestQueue
from p2p_twisted.api.route import Form
from p2p_twisted.api.upload_body import UploadBody
from p2p_twisted.api.views import FailureView, View
from p2p_twisted.wire.names import host_group

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing that is answered is a page, whatever a browser thinks."""


class ApiRequest(Request):
    """
    A request whose body is bounded: Twisted's own keeps any that comes.

    :ivar upload: the body of one that is not, and is taken as it comes.
    :ivar is_refused: whether it was answered before all had come.
    """

    upload: UploadBody | None = None
    is_refused = False
    _body_bytes = 0
    _is_too_large = False

    @property
    def is_gone(self) -> bool:
        """Whether whoever has asked has closed the connection, and is answered no more."""
        return self._disconnected

    @override
    def gotLength(self, length: int | None) -> None:
        for name, value in _HEADERS.items():
            self.setHeader(name, value)
        channel: Any = self.channel
        resource = channel.site.resource
        self.upload = resource.begin_upload(self, channel._command, channel._path, length)
        is_announced = length is not None and length > limits.BODY_BYTES
        self._is_too_large = is_announced and self.upload is None
        super().gotLength(0 if is_announced or self.upload is not None else length)

    @override
    def handleContentChunk(self, data: bytes) -> None:
        if self.is_refused:
            return
        if self.upload is not None:
            self.upload.feed(data)
            return
        self._body_bytes += len(data)
        if self._is_too_large or self._body_bytes > limits.BODY_BYTES:
            too_large = f"a body may have at most {limits.BODY_BYTES:,} bytes"
            self.refuse(BadRequest("too_large", too_large))
        else:
            super().handleContentChunk(data)

    @override
    def process(self) -> None:
        channel: Any = self.channel
        channel.site.queue.add(self._process)

    def _process(self) -> None:
        if not self.is_gone:
            super().process()

    def refuse(self, error: Exception) -> None:
        """Answer with an error, and close the connection: the rest is not waited for."""
        if not self.is_refused:
            self.is_refused = True
            # Not in the middle of what has just come: what is behind it belongs to this request.
            channel: Any = self.channel
            channel.site.reactor.callLater(0, self._refuse, FailureView(error=fault_of(error)))

    def _refuse(self, failure: FailureView) -> None:
        channel: Any = self.channel
        if channel is None or self.is_gone:
            return
        # Known only when all has come.
        self.clientproto = b"HTTP/1.1"
        # What still comes is no further request: the connection is closed behind the answer.
        channel.persistent = False
        answer(self, failure)


def answer(request: Request, view: View | bytes) -> None:
    """
    Write an answer that is no stream.

    :param view: what to answer; bytes are JSON already.
    """
    if isinstance(view, bytes):
        send(request, Form.JSON, view)
        return
    body = view.encoded()
    if isinstance(view, FailureView):
        # Twisted knows no words for some of them.
        status = HTTPStatus(CODES[view.error.code])
        request.setResponseCode(status, status.phrase.encode())
        # It is read in a terminal, too.
        body += b"\n"
    send(request, view.media_type, body)


def send(request: Request, media_type: str, body: bytes) -> None:
    """Write all of an answer, and nothing else."""
    request.setHeader("Content-Type", media_type)
    request.setHeader("Content-Length", str(len(body)))
    request.write(body)
    request.finish()


class ApiSite(Site):
    """
    Listens for requests, and does not log each: what they do is logged where it is done.

    :param most: how many connections there may be; more are closed at once.
    :param most_of_host: how many of one host.
    """

    def __init__(
        self, resource: Any, most: int = limits.API_CONNECTIONS, most_of_host: float = inf
    ) -> None:
        super().__init__(resource, requestFactory=ApiRequest, timeout=limits.IDLE_SECONDS)
        self._most = most
        self._most_of_host = most_of_host
        self._open: Counter[str] = Counter()
        self.displayTracebacks = False
        self.noisy = False

    @cached_property
    def queue(self) -> RequestQueue:
        """Begins to answer requests."""
        return RequestQueue(self.reactor)

    @override
    def startFactory(self) -> None:
        """Keep no time of day for a log: that would wake an idle daemon each second."""

    @override
    def buildProtocol(self, addr: Any) -> Any:
        # Those on a Unix socket have no host.
        host = host_group(getattr(addr, "host", ""))
        if self._open.total() >= self._most or self._open[host] >= self._most_of_host:
            return None
        made: Any = super().buildProtocol(addr)
        self._open[host] += 1
        channel = made._channel
        lost = channel.connectionLost

        def connection_lost(reason: Any) -> None:
            # Subtracted so, hosts without any are left out.
            self._open -= Counter([host])
            lost(reason)

        channel.connectionLost = connection_lost
        reset = channel.resetTimeout

        def reset_timeout() -> None:
            # But for what is shared: who sends a byte now and then would hold a place for ever.
            if channel.requests and channel.requests[-1].upload is not None:
                reset()

        channel.resetTimeout = reset_timeout
        return made

    @override
    def log(self, request: http.Request) -> None:
        """Leave it out."""
