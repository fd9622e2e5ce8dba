"""Ask the gateway of a peer that runs in virtual time."""

import os
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from p2p_twisted.api.api_request import ApiSite
from p2p_twisted.api.request_queue import RequestQueue
from p2p_twisted.gateway.content_answer import ContentAnswers
from p2p_twisted.gateway.content_hashes import ContentHashes
from p2p_twisted.gateway.gateway_access import GatewayAccess
from p2p_twisted.gateway.gateway_resource import GatewayResource
from p2p_twisted.gateway.hub_routes import HubRoutes
from p2p_twisted.gateway.hub_snapshots import HubSnapshots
from p2p_twisted.gateway.origin_client import OriginClient
from p2p_twisted.gateway.origin_models import OriginModels
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.runtime.threads import inline
from p2p_twisted.testing.daemons import VirtualDaemons
from tests.peer.cases import PeerTestCase

PORT = 9_300
HOST = f"127.0.0.1:{PORT}"

_END_OF_HEAD = b"\r\n\r\n"
_HEAD_BYTES_MOST = 65_536


class Asked:
    """
    A request, and what has been answered so far.

    :ivar transport: of its connection.
    """

    def __init__(
        self, site: ApiSite, raw: bytes, transport: StringTransport, address: Any = None
    ) -> None:
        self.transport = transport
        self._protocol: Any = site.buildProtocol(address)
        self._protocol.makeConnection(self.transport)
        self._protocol.dataReceived(raw)

    def close(self) -> None:
        """Go away."""
        self._protocol.connectionLost(Failure(ConnectionDone()))

    @property
    def status(self) -> int:
        """The status; 0 before there is one."""
        words = self._head.split(b" ", 2)
        return int(words[1]) if len(words) > 1 else 0

    @property
    def headers(self) -> dict[str, str]:
        """The headers, by lower-case names."""
        pairs = (line.split(": ", 1) for line in self._head.decode("latin-1").split("\r\n")[1:])
        return {name.lower(): value for name, value in pairs}

    @property
    def body(self) -> bytes:
        """The body, as far as it has come."""
        body: bytes = self.transport.value().partition(_END_OF_HEAD)[2]
        return body

    @property
    def body_bytes(self) -> int:
        """How much of the body has come; it may be much, and is not copied to be counted."""
        all_bytes: int = self.transport.io.getbuffer().nbytes
        return max(0, all_bytes - len(self._head) - len(_END_OF_HEAD))

    @property
    def _head(self) -> bytes:
        begin = bytes(self.transport.io.getbuffer()[:_HEAD_BYTES_MOST])
        return begin.partition(_END_OF_HEAD)[0]


class FullTransport(StringTransport):
    """Takes one piece, until it is read."""

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.producer is not None:
            self.producer.pauseProducing()

    def read(self) -> None:
        """Take all that was written, and the next piece."""
        assert self.producer is not None
        self.producer.resumeProducing()


class Gateway:
    """
    The gateway of one peer.

    :param agent: asks its origin, if it has one.
    :ivar user: who asks.
    """

    def __init__(self, daemons: VirtualDaemons, name: str, agent: Any = None) -> None:
        self.user: int | None = os.getuid()
        self._daemons = daemons
        peer: Any = daemons.peers[name]
        clock = daemons.network.processes[name]
        self.reading = ContentReading(
            me=name,
            searches=peer._searches,
            answers=peer._lookups._answers,
            local=peer._local,
            downloads=peer._downloads,
            offload=inline,
        )
        self.access = GatewayAccess(PORT, lambda _request: self.user)
        answers = ContentAnswers(self.reading, clock)
        self.hashes = ContentHashes(self.reading, peer.state.folder, inline)
        origin = None
        if agent is not None:
            client = OriginClient("https://hub.example", agent, clock)
            origin = OriginModels(client, self.reading, peer._sharing.share, clock, name, inline)
        self.snapshots = HubSnapshots(self.reading, origin)
        hub = HubRoutes(self.snapshots, answers, self.hashes, origin)
        self._site = ApiSite(GatewayResource(self.reading, answers, hub, self.access.refuse))
        self._site.reactor = clock
        self._site.queue = RequestQueue(clock, clock.seconds)

    def begin(
        self,
        path: str,
        method: str = "GET",
        transport: StringTransport | None = None,
        then: bytes = b"",
        **headers: str,
    ) -> Asked:
        """Send a request; do not wait."""
        given = {"Host": HOST} | {name.replace("_", "-"): text for name, text in headers.items()}
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in given.items()), "", ""]
        raw = "\r\n".join(lines).encode("latin-1") + then
        return Asked(self._site, raw, transport or StringTransport())

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Asked:
        """Send a request, and have the network run until all of the answer has come."""
        if body:
            headers["Content_Length"] = str(len(body))
        asked = self.begin(path, method, None, body, **headers)
        for _ in range(1_000):
            length = int(asked.headers.get("content-length", 0)) if asked.status else None
            is_all = method == "HEAD" or asked.status == 304 or asked.body_bytes == length
            if length is not None and is_all:
                break
            self._daemons.run(0.1)
        return asked


class GatewayTestCase(PeerTestCase):
    """Starts peers, and the gateway of one."""
