"""Give the transport of a connection to another protocol, without closing it."""

from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.sealing import below
from p2p_twisted.wire.tcp_stream import IStream


def take_over(connection: Connection) -> IStream:
    """
    Take the TCP transport from a connection that has no more to say, below its encryption.

    To abort it still ends the transport, as a revocation does; and it is told when that is lost.
    """
    connection.clear_deadline()
    connection.intake.stop()
    connection.input.end()
    connection.output.close()
    transport: IStream = below(connection.transport)
    return transport


def continue_with(connection: Connection, protocol: IProtocol) -> None:
    """Let another protocol talk to whoever is at the other end of a connection from now on."""
    succeed(take_over(connection), protocol)


def succeed(transport: Any, protocol: IProtocol) -> None:
    """Connect a protocol with a transport that has been taken over."""
    transport.protocol = _Successor(transport.protocol, protocol, transport)
    protocol.makeConnection(transport)


@implementer(IHalfCloseableProtocol)
class _Successor(Protocol):
    """Stands for two protocols: the one that hears what comes, and the one that was before it."""

    def __init__(self, before: IProtocol, now: IProtocol, transport: IStream) -> None:
        self._before = before
        self._now = now
        self._stream = transport

    @override
    def dataReceived(self, data: bytes) -> None:
        self._now.dataReceived(data)

    def readConnectionLost(self) -> None:
        """Pass it on, or close: as Twisted does."""
        if IHalfCloseableProtocol.providedBy(self._now):
            self._now.readConnectionLost()
        else:
            self._stream.loseConnection()

    def writeConnectionLost(self) -> None:
        """Pass it on."""
        if IHalfCloseableProtocol.providedBy(self._now):
            self._now.writeConnectionLost()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._now.connectionLost(reason)
        self._before.connectionLost(reason)
