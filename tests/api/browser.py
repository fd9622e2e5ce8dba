"""Ask an API without a network."""

import json
import re
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.server import Request

from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.peer_routes import PeerApi
from p2p_twisted.api.request_queue import RequestQueue
from p2p_twisted.api.resource import ApiResource
from tests.console.fake_peer import FakePeer


class Answer:
    """
    What came back.

    :ivar body: as it came.
    :ivar lines: the values of the body: one, or as many as the stream had lines or events.
    :ivar ids: of the events.
    """

    def __init__(self, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *headers = head.decode().split("\r\n")
        # Nothing may have come yet.
        self.status = int(first.split()[1]) if first else 0
        self.headers = dict(line.lower().split(": ", 1) for line in headers)
        if self.headers.get("transfer-encoding") == "chunked":
            body = _joined(body)
        is_events = self.headers.get("content-type") == "text/event-stream"
        self.body = body
        parts = re.findall(rb"^data: (.*)$", body, re.M) if is_events else body.splitlines()
        parts = [] if self.headers.get("content-type", "").startswith("text/plain") else parts
        self.lines: list[Any] = [json.loads(part) for part in parts]
        self.ids = [int(each) for each in re.findall(rb"^id: (\d+)$", body, re.M)]

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.lines[0]["error"]["code"])


class Browser:
    """
    Asks the API of a fake peer.

    :param registry: asks this API instead.
    :param peer: asks this one.
    :ivar forbidden: why nothing is answered, if so.
    :ivar refuse: tells that for each request.
    :ivar caller: who asks.
    :ivar log: of this process.
    :ivar transport: of the last connection.
    :ivar protocol: of the same.
    :ivar document: what the API says of itself.
    """

    def __init__(self, registry: Any = None, peer: FakePeer | None = None) -> None:
        self.peer = peer or FakePeer()
        self.clock = Clock()
        self.left: list[bool] = []
        self.log = KeptLog(self.clock)
        self.caller = 0
        self.forbidden: str | None = None
        self.refuse: Callable[[Request], str | None] = lambda _request: self.forbidden
        self.api = PeerApi(
            self.peer,
            self.clock,
            lambda: self.left.append(True),
            self.log,
            lambda: 2e9 + self.clock.seconds(),
        )
        routes = (registry or self.api).routes()
        self._site = ApiSite(self._resource(routes))
        # In place of the time of day: the end of idle connections.
        self._site.reactor = self.clock
        self._site.queue = RequestQueue(self.clock, self.clock.seconds)
        self.transport = StringTransport()
        self.document = self.ask("GET", "/v1/openapi.json").lines[0]

    def _resource(self, routes: Any) -> ApiResource:
        return ApiResource(
            "A peer",
            routes,
            lambda request: self.refuse(request),
            caller=lambda _request: self.caller,
        )

    def send(self, raw: bytes) -> None:
        """Send bytes over a new connection."""
        self.transport = StringTransport()
        protocol = self._site.buildProtocol(None)
        assert protocol is not None
        protocol.makeConnection(self.transport)
        self.protocol = protocol
        protocol.dataReceived(raw)
        self.clock.advance(0)

    def close(self) -> None:
        """Close the last connection."""
        self.protocol.connectionLost(Failure(ConnectionDone()))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request; return what has been answered so far."""
        content = b"" if body is None else json.dumps(body).encode()
        given = {"Host": "p2p", "Content-Length": str(len(content)), **headers}
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in given.items()), "", ""]
        self.send("\r\n".join(lines).encode() + content)
        return self.answer()

    def answer(self) -> Answer:
        """Return what has been answered on the last connection."""
        return Answer(self.transport.value())


def checked(browser: Browser, answer: Answer, path: str, method: str = "get") -> Any:
    """Compare an answer with what the document says of it; return its value, or its lines."""
    assert answer.status == 200
    responses = browser.document["paths"][path][method]["responses"]
    [(kind, described)] = responses["200"]["content"].items()
    assert answer.headers["content-type"] == kind
    schema = {**described["schema"], "components": browser.document["components"]}
    for line in answer.lines:
        Draft202012Validator(schema).validate(line)
    return answer.lines[0] if kind.endswith("/json") else answer.lines


def _joined(chunked: bytes) -> bytes:
    body = b""
    while chunked:
        size, _, rest = chunked.partition(b"\r\n")
        length = int(size, 16)
        body, chunked = body + rest[:length], rest[length + 2 :]
    return body
