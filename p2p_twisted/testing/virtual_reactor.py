"""The reactor of one process on a virtual network."""

from collections.abc import Callable
from typing import Any

from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.base import DelayedCall
from twisted.internet.interfaces import (
    IHostnameResolver,
    IListeningPort,
    IProtocolFactory,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IReactorTime,
)
from zope.interface import implementer

from p2p_twisted.testing.clock import Timer
from p2p_twisted.testing.connector import VirtualConnector
from p2p_twisted.testing.interfaces import Network
from p2p_twisted.testing.transport import VirtualTransport


@implementer(IReactorTime, IReactorTCP, IReactorPluggableNameResolver)
class VirtualReactor:
    """
    Runs one process, which can be killed, lost and halted.

    :ivar running: until it has crashed or vanished.
    :ivar is_gone: whether it has vanished, and its host with it.
    :ivar is_halted: whether it is stopped for now; what its system does for it goes on.
    :ivar has_stopped: whether what runs in it has asked to end.
    """

    def __init__(self, network: Network, name: str) -> None:
        self.network = network
        self.name = name
        self.nameResolver = NumericResolver()
        self.running = True
        self.is_gone = False
        self.is_halted = False
        self.has_stopped = False
        self.connections: dict[VirtualTransport, None] = {}
        self.ports: dict[VirtualPort, None] = {}
        self._timers: dict[DelayedCall, None] = {}
        self._overdue: list[Timer] = []

    @property
    def is_awake(self) -> bool:
        """Whether its code runs."""
        return self.running and not self.is_halted

    # What tests do to it

    def crash(self) -> None:
        """End as by a kill: no timer fires any more, and connections are reset."""
        self.network.note("crashes", self.name, "")
        self._end()
        self._reset_connections()

    def vanish(self) -> None:
        """End without a trace: nothing gets to it any more, nor from it, not even a reset."""
        self.network.note("vanishes", self.name, "")
        self._end()
        self.is_gone = True

    def halt(self) -> None:
        """Stop for now, as by SIGSTOP: its system goes on accepting and buffering."""
        self.network.note("halts", self.name, "")
        self.is_halted = True

    def go_on(self) -> None:
        """Go on, as by SIGCONT: what came due meanwhile happens now, in its order."""
        self.network.note("goes on", self.name, "")
        self.is_halted = False
        overdue, self._overdue = self._overdue, []
        for timer in overdue:
            self.network.clock.set(timer)
        for transport in list(self.connections):
            self.callLater(0, transport.go_on)

    def come_back(self) -> None:
        """Start the host of a vanished process again: it resets the old connections."""
        self.is_gone = False
        self._reset_connections()

    def _reset_connections(self) -> None:
        for port in list(self.ports):
            port.close()
        for transport in list(self.connections):
            transport.reset()

    def _end(self) -> None:
        self.running = False
        # What waits here for ever must not be collected: it would wake up once more.
        self.network.ended.append((self, self._timers, dict(self.connections)))

    # IReactorTime

    def seconds(self) -> float:
        """Return the virtual time."""
        return self.network.clock.now

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: Any, **kwargs: Any
    ) -> Timer:
        """Set a timer of this process."""
        timer = self.network.clock.timer(delay, callable, args, kwargs, self._timers.pop)
        timer.waits = self._waits
        self._timers[timer] = None
        return timer

    def getDelayedCalls(self) -> list[DelayedCall]:
        """List the timers that are set."""
        return list(self._timers)

    def _waits(self, timer: Timer) -> bool:
        """Keep back what comes due while this process is halted; once it has ended, for ever."""
        if self.is_awake:
            del self._timers[timer]
            return False
        if self.is_halted:
            self._overdue.append(timer)
        return True

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

        :raises CannotListenError: when another process of its host has the port.
        """
        place = self.network.host_of(self.name).address, port or self.network.free_port()
        holder = self.network.ports.get(place)
        if holder is not None and not holder.process.is_gone:
            raise error.CannotListenError(*place, OSError(98, "Address already in use"))
        listening = self.network.ports[place] = VirtualPort(self, factory, place)
        self.ports[listening] = None
        return listening

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: Any = None,
    ) -> VirtualConnector:
        """Connect, which takes the way there and back."""
        return VirtualConnector(self, host, port, factory, timeout)

    def installNameResolver(self, resolver: Any) -> Any:
        """Look names up otherwise; return what has done so until now."""
        before, self.nameResolver = self.nameResolver, resolver
        return before

    # What services use of IReactorCore

    def callWhenRunning(self, callable: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Call soon."""
        self.callLater(0, callable, *args, **kwargs)

    def callFromThread(self, callable: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Call soon: there are no threads."""
        self.callLater(0, callable, *args, **kwargs)

    def stop(self) -> None:
        """Record that the process wants to end."""
        self.has_stopped = True


@implementer(IHostnameResolver)
class NumericResolver:
    """Knows no names, but what is an address already."""

    def resolveHostName(
        self, resolutionReceiver: Any, hostName: str, portNumber: int = 0, *_how: Any, **_more: Any
    ) -> Any:
        """Return a host as it is."""
        resolutionReceiver.resolutionBegan(None)
        resolutionReceiver.addressResolved(IPv4Address("TCP", hostName, portNumber))
        resolutionReceiver.resolutionComplete()
        return resolutionReceiver


@implementer(IListeningPort)
class VirtualPort:
    """Listens on a port of a process."""

    def __init__(
        self, process: VirtualReactor, factory: IProtocolFactory, place: tuple[str, int]
    ) -> None:
        self.process = process
        self.factory = factory
        self._place = place
        self.port = place[1]
        factory.doStart()

    def startListening(self) -> None:
        """Ignore it: it listens from the start."""

    def stopListening(self) -> None:
        """Accept no more connections."""
        if self in self.process.ports:
            self.factory.doStop()
        self.close()

    def close(self) -> None:
        """Give the port up."""
        self.process.ports.pop(self, None)
        if self.process.network.ports.get(self._place) is self:
            del self.process.network.ports[self._place]

    def getHost(self) -> IPv4Address:
        """Return where it listens."""
        return IPv4Address("TCP", *self._place)
