"""A holder's side on simulated connections, for tests."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

import attrs
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, maybeDeferred, succeed

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.download.tickets import Tickets
from p2p_twisted.runtime.threads import inline
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.upload.pushes import Pushes
from p2p_twisted.upload.readers import Readers
from p2p_twisted.upload.small_sender import SourceOpener
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import PROTOCOL, Fetch, Hello, Message, Push, Want
from p2p_twisted.wire.names import FileId, PeerAddress
from p2p_twisted.wire.securing import Security
from p2p_twisted.wire.session import Session
from p2p_twisted.wire.source import Source
from tests.download.wires import Wires


class First(Session):
    """The session of an accepted connection: it takes a push, or a fetch."""

    def __init__(
        self, connection: Connection, tickets: Tickets | None, uploads: Uploads | None = None
    ) -> None:
        self._connection = connection
        self._tickets = tickets
        self._uploads = uploads

    def received(self, message: Message) -> None:
        if isinstance(message, Push) and self._tickets is not None:
            self._connection.hand_over(self._tickets.session_for_push(self._connection, message))
        elif isinstance(message, Fetch) and self._uploads is not None:
            self._uploads.fetched(self._connection, message)
        else:
            raise ProtocolError("only pushes here, or fetches there")


@attrs.frozen
class SharedStub:
    """What a test shares."""

    open: SourceOpener
    is_settled: bool

    def read_small(self, file_ids: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        """Have each be opened."""
        return succeed([None])


def make_uploads(
    wires: Wires | BoundDialer,
    open_source: Callable[[FileId], Source | Deferred[Source | None] | None],
    partials: PartialRegister | None = None,
    bandwidth: Bandwidth | None = None,
    unreached: Callable[[Want], None] = lambda _want: None,
    is_settled: bool = True,
    name: str = "s1",
) -> Uploads:
    """Make what serves others; it dials whomever it is told to, except for one host."""
    bandwidth = bandwidth or Bandwidth(wires)

    def may_dial(host: str) -> bool:
        return host != "10.9.9.9"

    return Uploads(
        wires,
        name=name,
        network="default",
        pushes=Pushes(
            wires,
            readers=Readers(SharedStub(partial(maybeDeferred, open_source), is_settled)),
            reading=inline,
            may_dial=may_dial,
            bandwidth=bandwidth,
            partials=partials or PartialRegister(),
            rng=Random(2),
        ),
        reading=inline,
        may_dial=may_dial,
        bandwidth=bandwidth,
        unreached=unreached,
        dials=DialLimit(),
    )


def listen(
    wires: Wires,
    address: PeerAddress,
    accepted: Callable[[Connection], Session],
    security: Security | None = None,
) -> None:
    """Let a peer be dialed."""
    hello = Hello(PROTOCOL, "peer", address.name, "default")
    listener = Listener(wires, hello, accepted, security=security)
    wires.listeners[address.host, address.port] = lambda: listener.buildProtocol(
        IPv4Address("TCP", "127.0.0.1", 40_000)
    )
