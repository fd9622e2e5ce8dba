"""Connect on a virtual network, as TCP does."""

from typing import Any, Final

from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IConnector
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.testing.clock import Timer
from p2p_twisted.testing.interfaces import ListeningPort, Process
from p2p_twisted.testing.transport import VirtualTransport, connect

_FIRST_RETRY_SECONDS: Final = 1.0
"""After which TCP asks again when nothing came back; then after twice as long, and so on."""


@implementer(IConnector)
class VirtualConnector:
    """Tries to connect, until it is connected or out of time."""

    def __init__(
        self, process: Process, host: str, port: int, factory: Any, timeout: float
    ) -> None:
        self._process = process
        self._host = host
        self._port = port
        self._factory = factory
        self._transport: VirtualTransport | None = None
        factory.doStart()
        factory.startedConnecting(self)
        self._patience: Timer = process.callLater(timeout, self._fail, error.TimeoutError())
        self._attempt: Timer = process.callLater(0, self._ask, _FIRST_RETRY_SECONDS)

    def stopConnecting(self) -> None:
        """Give up, unless it has failed already."""
        if self._patience.active():
            self._fail(error.UserError("given up"))

    def disconnect(self) -> None:
        """End the connection, or the attempt."""
        if self._transport is None:
            self.stopConnecting()
        else:
            self._transport.loseConnection()

    def connect(self) -> None:
        """Ignore it: it is tried once, from the start."""

    def getDestination(self) -> IPv4Address:
        """Return where it leads."""
        return IPv4Address("TCP", self._host, self._port)

    def _lost(self, reason: Failure) -> None:
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
        process, listening = self._process, self._listening()
        there_and_back = 2 * process.network.paths.usual.latency
        if listening is not None:
            other = listening.process
            if not process.network.lets_in(process, other):
                self._attempt = process.callLater(retry, self._ask, 2 * retry)
                return
            there_and_back = self._latency(process, other) + self._latency(other, process)
        self._attempt = process.callLater(there_and_back, self._answered, retry)

    def _answered(self, retry: float) -> None:
        listening = self._listening()
        if listening is None:
            self._fail(error.ConnectionRefusedError())
        elif self._process.network.lets_in(self._process, listening.process):
            self._end()
            self._transport = connect(self._process, listening)
            self._transport.begin(self._factory, self._lost)
        else:
            self._attempt = self._process.callLater(retry, self._ask, 2 * retry)

    def _listening(self) -> ListeningPort | None:
        return self._process.network.ports.get((self._host, self._port))

    def _latency(self, source: Process, target: Process) -> float:
        return self._process.network.paths.path(source.name, target.name).latency
