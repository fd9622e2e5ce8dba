"""Ask an API without a network."""

import json
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.server import Request

from p2p_twisted.api.peer_routes import PeerApi
from p2p_twisted.api.resource import ApiResource, ApiSite
from tests.console.fake_peer import FakePeer


class Answer:
    """
    What came back.

    :ivar lines: the values of the body: one, or as many as the stream had lines.
    """

    def __init__(self, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *headers = head.decode().split("\r\n")
        # Nothing may have come yet.
        self.status = int(first.split()[1]) if first else 0
        self.headers = dict(line.lower().split(": ", 1) for line in headers)
        if self.headers.get("transfer-encoding") == "chunked":
            body = _joined(body)
        self.lines: list[Any] = [json.loads(line) for line in body.splitlines()]

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.lines[0]["error"]["code"])


class Browser:
    """
    Asks the API of a fake peer.

    :ivar forbidden: why nothing is answered, if so.
    :ivar transport: of the last connection.
    :ivar document: what the API says of itself.
    """

    def __init__(self) -> None:
        self.peer = FakePeer()
        self.clock = Clock()
        self.left: list[bool] = []
        self.forbidden: str | None = None
        routes = PeerApi(self.peer, self.clock, lambda: self.left.append(True)).routes()
        self._site = ApiSite(ApiResource("A peer", routes, self._refuse))
        # In place of the time of day: the end of idle connections.
        self._site.reactor = self.clock
        self.transport = StringTransport()
        self.document = self.ask("GET", "/v1/openapi.json").lines[0]

    def send(self, raw: bytes) -> None:
        """Send bytes over a new connection."""
        self.transport = StringTransport()
        protocol = self._site.buildProtocol(None)
        assert protocol is not None
        protocol.makeConnection(self.transport)
        self._protocol = protocol
        protocol.dataReceived(raw)

    def close(self) -> None:
        """Close the last connection."""
        self._protocol.connectionLost(Failure(ConnectionDone()))

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

    def _refuse(self, _request: Request) -> str | None:
        return self.forbidden


def _joined(chunked: bytes) -> bytes:
    body = b""
    while chunked:
        size, _, rest = chunked.partition(b"\r\n")
        length = int(size, 16)
        body, chunked = body + rest[:length], rest[length + 2 :]
    return body
