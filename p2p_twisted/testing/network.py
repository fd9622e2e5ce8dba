"""A virtual network: processes with reactors of their own, and what connects them."""

from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any, Final

from attrs import define, field, frozen
from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import (
    IConnector,
    IListeningPort,
    IProtocolFactory,
    IReactorTCP,
    IReactorTime,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.testing.clock import VirtualClock
from p2p_twisted.testing.transport import VirtualTransport, connect

_LOOPBACK: Final = "127.0.0.1"
_FIRST_EPHEMERAL_PORT: Final = 49_152


@frozen
class Path:
    """
    The way from one process to another.

    :ivar latency: one way, in seconds.
    :ivar bandwidth: in bytes per second; ``None`` for no bound.
    """

    latency: float = 0.02
    bandwidth: float | None = None


@define(eq=False)
class VirtualNetwork:
    """
    Processes, time, and the ways between them.

    :ivar seed: what chance is drawn from; the same one gives the same run.
    :ivar path: tells the way between two processes, by their names.
    """

    seed: int = 1
    path: Callable[[str, str], Path] = lambda _from, _to: Path()
    clock: VirtualClock = field(factory=VirtualClock)
    processes: "dict[str, VirtualReactor]" = field(factory=dict)
    ports: "dict[int, VirtualPort]" = field(factory=dict)
    rng: Random = field(init=False)
    _ephemeral: "count[int]" = field(factory=lambda: count(_FIRST_EPHEMERAL_PORT))

    def __attrs_post_init__(self) -> None:
        self.rng = Random(self.seed)

    def process(self, name: str) -> "VirtualReactor":
        """Start a process; one of that name that has ended may be started again."""
        reactor = self.processes[name] = VirtualReactor(self, name)
        return reactor

    def free_port(self) -> int:
        """Give a port that nobody has had."""
        return next(self._ephemeral)


@implementer(IReactorTime, IReactorTCP)
class VirtualReactor:
    """
    The reactor of one process on a virtual network.

    :ivar running: until it has crashed.
    :ivar has_stopped: whether what runs in it has asked to end.
    """

    def __init__(self, network: VirtualNetwork, name: str) -> None:
        self.network = network
        self.name = name
        self.running = True
        self.has_stopped = False
        self.connections: dict[VirtualTransport, None] = {}
        self._calls: dict[DelayedCall, None] = {}
        self._ports: list[VirtualPort] = []

    # What tests do to it

    def crash(self) -> None:
        """End as by a kill: no timer fires any more, and connections are reset."""
        self.running = False
        for call in self.getDelayedCalls():
            call.cancel()
        for port in list(self._ports):
            port.close()
        for transport in list(self.connections):
            transport.reset()

    # IReactorTime

    def seconds(self) -> float:
        """Tell the virtual time."""
        return self.network.clock.seconds()

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: Any, **kwargs: Any
    ) -> DelayedCall:
        """Set a timer of this process."""

        def fire() -> None:
            del self._calls[call]
            callable(*args, **kwargs)

        call = self.network.clock.call_later(delay, fire)
        self._calls[call] = None
        return call

    def getDelayedCalls(self) -> list[DelayedCall]:
        """List the timers that are set."""
        self._calls = {call: None for call in self._calls if call.active()}
        return list(self._calls)

    # IReactorTCP

    def listenTCP(
        self,
        port: int,
        factory: IProtocolFactory,
        backlog: int = 50,
        interface: str = "",
    ) -> "VirtualPort":
        """
        Listen.

        :raises CannotListenError: when another process of the network has the port.
        """
        port = port or self.network.free_port()
        if port in self.network.ports:
            raise error.CannotListenError(interface, port, OSError(98, "Address already in use"))
        listening = VirtualPort(self, factory, port)
        self.network.ports[port] = listening
        self._ports.append(listening)
        return listening

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: Any = None,
    ) -> "VirtualConnector":
        """Connect, after the way there and back."""
        return VirtualConnector(self, host, port, factory)

    # What services use of IReactorCore

    def callWhenRunning(self, callable: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Call soon."""
        self.callLater(0, callable, *args, **kwargs)

    def callFromThread(self, callable: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Call soon: there are no threads."""
        self.callLater(0, callable, *args, **kwargs)

    def stop(self) -> None:
        """Take note that the process wants to end."""
        self.has_stopped = True


@implementer(IListeningPort)
class VirtualPort:
    """A port on which a process listens."""

    def __init__(self, reactor: VirtualReactor, factory: IProtocolFactory, port: int) -> None:
        self.reactor = reactor
        self.factory = factory
        self.port = port
        factory.doStart()

    def startListening(self) -> None:
        """Do nothing: it listens from the start."""

    def stopListening(self) -> None:
        """Let nobody in any more."""
        if self.reactor.network.ports.get(self.port) is self:
            self.factory.doStop()
        self.close()

    def close(self) -> None:
        """Give the port up."""
        if self.reactor.network.ports.get(self.port) is self:
            del self.reactor.network.ports[self.port]

    def getHost(self) -> IPv4Address:
        """Tell where it listens."""
        return IPv4Address("TCP", _LOOPBACK, self.port)


@implementer(IConnector)
class VirtualConnector:
    """One attempt to connect, and the connection that it became."""

    def __init__(self, reactor: VirtualReactor, host: str, port: int, factory: Any) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._factory = factory
        self._transport: VirtualTransport | None = None
        factory.doStart()
        factory.startedConnecting(self)
        self._attempt = reactor.callLater(0, self._set_out)

    def stopConnecting(self) -> None:
        """Give it up."""
        if self._attempt.active():
            self._attempt.cancel()
        self.fail(Failure(error.UserError("given up")))

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

    def fail(self, reason: Failure) -> None:
        """Tell the factory that there is no connection."""
        self._factory.clientConnectionFailed(self, reason)
        self._factory.doStop()

    def lost(self, reason: Failure) -> None:
        """Tell the factory that the connection is gone."""
        self._factory.clientConnectionLost(self, reason)
        self._factory.doStop()

    def _set_out(self) -> None:
        network = self._reactor.network
        listening = network.ports.get(self._port)
        there = Path() if listening is None else self._path(listening)
        self._attempt = self._reactor.callLater(2 * there.latency, self._arrive)

    def _path(self, listening: VirtualPort) -> Path:
        return self._reactor.network.path(self._reactor.name, listening.reactor.name)

    def _arrive(self) -> None:
        network = self._reactor.network
        listening = network.ports.get(self._port)
        if listening is None:
            self.fail(Failure(error.ConnectionRefusedError()))
            return
        back = network.path(listening.reactor.name, self._reactor.name)
        self._transport = connect(self._reactor, listening, self._path(listening), back)
        self._transport.begin(self._factory, self)
