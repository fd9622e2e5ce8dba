"""Attempts to connect on a virtual network."""

from typing import TYPE_CHECKING, Any, Final

from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IConnector
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.testing.transport import VirtualTransport, connect

if TYPE_CHECKING:
    from p2p_twisted.testing.clock import Timer
    from p2p_twisted.testing.virtual_reactor import VirtualPort, VirtualReactor

_FIRST_RETRY_SECONDS: Final = 1.0
"""After which TCP asks again where nothing came back; then after twice as long, and so on."""


@implementer(IConnector)
class VirtualConnector:
    """One attempt to connect, and the connection that it became."""

    def __init__(
        self, reactor: "VirtualReactor", host: str, port: int, factory: Any, timeout: float
    ) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._factory = factory
        self._transport: VirtualTransport | None = None
        factory.doStart()
        factory.startedConnecting(self)
        self._patience: Timer = reactor.callLater(timeout, self._fail, error.TimeoutError())
        self._attempt: Timer = reactor.callLater(0, self._ask, _FIRST_RETRY_SECONDS)

    def stopConnecting(self) -> None:
        """Give it up, unless it has failed already."""
        if self._patience.active():
            self._fail(error.UserError("given up"))

    def disconnect(self) -> None:
        """End the connection, or the attempt."""
        if self._transport is None:
            self.stopConnecting()
        else:
            self._transport.loseConnection()

    def connect(self) -> None:
        """Do nothing: it is tried once, from the start."""

    def getDestination(self) -> IPv4Address:
        """Tell where it leads."""
        return IPv4Address("TCP", self._host, self._port)

    def lost(self, reason: Failure) -> None:
        """Tell the factory that the connection is gone."""
        self._factory.clientConnectionLost(self, reason)
        self._factory.doStop()

    def _fail(self, reason: Exception) -> None:
        """Tell the factory that there is no connection."""
        self._end()
        self._factory.clientConnectionFailed(self, Failure(reason))
        self._factory.doStop()

    def _end(self) -> None:
        for timer in (self._attempt, self._patience):
            if timer.active():
                timer.cancel()

    def _ask(self, retry: float) -> None:
        """Ask for the connection; where that does not get through, again later."""
        reactor, listening = self._reactor, self._listening()
        there_and_back = 2 * reactor.network.ways.usual.latency
        if listening is not None:
            other = listening.reactor
            if not self._gets_through(other):
                self._attempt = reactor.callLater(retry, self._ask, 2 * retry)
                return
            there_and_back = self._latency(reactor, other) + self._latency(other, reactor)
        self._attempt = reactor.callLater(there_and_back, self._answered, retry)

    def _answered(self, retry: float) -> None:
        listening = self._listening()
        if listening is None:
            self._fail(error.ConnectionRefusedError())
        elif self._gets_through(listening.reactor):
            self._end()
            self._transport = connect(self._reactor, listening)
            self._transport.begin(self._factory, self)
        else:
            self._attempt = self._reactor.callLater(retry, self._ask, 2 * retry)

    def _listening(self) -> "VirtualPort | None":
        return self._reactor.network.ports.get(self._port)

    def _gets_through(self, other: "VirtualReactor") -> bool:
        carries = self._reactor.network.carries
        return carries(self._reactor, other) and carries(other, self._reactor)

    def _latency(self, source: "VirtualReactor", target: "VirtualReactor") -> float:
        return self._reactor.network.ways.path(source.name, target.name).latency
