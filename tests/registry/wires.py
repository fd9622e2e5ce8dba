"""Dials and listeners of one program, connected in memory."""

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.test.iosim import FakeTransport, IOPump, connect
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import PROTOCOL, Hello
from p2p_twisted.wire.names import PeerAddress
from p2p_twisted.wire.session import Session
from tests.registry.builders import LOOPBACK

_DIALER = IPv4Address("TCP", LOOPBACK, 40_000)


class Wires:
    """
    A reactor in memory, and who can be dialed on it.

    :ivar factories: the listeners, by port; what has none refuses connections.
    :ivar unanswered: ports where nothing answers at all.
    :ivar dials: how many there were.
    """

    def __init__(self) -> None:
        self.reactor = MemoryReactorClock()
        self.factories: dict[int, Any] = {}
        self.unanswered: set[int] = set()
        self.dials = 0
        self._pumps: list[IOPump] = []

    def settle(self, seconds: float = 0) -> None:
        """Let all bytes that are on their way arrive, time pass, and bytes arrive again."""
        self._flow()
        self.reactor.advance(seconds)
        self._flow()

    def listen_as(self, address: PeerAddress, network: str = "default") -> None:
        """Let a peer greet there, and do nothing else."""
        hello = Hello(PROTOCOL, "peer", address.name, network)
        self.factories[address.port] = Listener(self.reactor, hello, lambda _connection: Deaf())

    def _flow(self) -> None:
        is_moving = True
        while is_moving:
            is_moving = self._connect_new()
            self.reactor.advance(0)
            for pump in self._pumps:
                is_moving = pump.pump() or is_moving

    def _connect_new(self) -> bool:
        new = self.reactor.tcpClients[self.dials :]
        self.dials += len(new)
        factory: Any
        for _host, port, factory, _timeout, _bind in new:
            if port in self.factories:
                self._connect(factory, self.factories[port], IPv4Address("TCP", LOOPBACK, port))
            elif port not in self.unanswered:
                factory.clientConnectionFailed(None, Failure(Refused()))
        return bool(new)

    def _connect(self, dialing: Any, listening: Any, address: IPv4Address) -> None:
        server, client = listening.buildProtocol(_DIALER), dialing.buildProtocol(address)
        ends = FakeTransport(server, True, address, _DIALER), FakeTransport(client, False, _DIALER)
        ends[1].peerAddress = address
        self._pumps.append(connect(server, ends[0], client, ends[1]))


class Deaf(Session):
    """A session that hears nothing."""

    def received(self, message: object) -> None:
        """Pass over it."""


class Babbler(Protocol):
    """
    Something that is no listener of ours: it says one thing.

    :ivar heard: what it was told.
    :ivar is_lost: whether the connection has ended.
    """

    heard = b""
    is_lost = False

    def __init__(self, says: bytes) -> None:
        self._says = says

    @override
    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self._says)

    @override
    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_lost = True


class OneProtocol:
    """A listener's factory that has its protocol already."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol

    def buildProtocol(self, _address: object) -> Protocol:
        """Return it."""
        return self.protocol


class WiredTestCase(SynchronousTestCase):
    """A test with wires."""

    def setUp(self) -> None:
        """Begin with nobody who listens."""
        self.wires = Wires()
