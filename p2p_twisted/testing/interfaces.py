"""What the parts of a virtual network know of each other."""

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IProtocolFactory

from p2p_twisted.testing.clock import Timer, VirtualClock
from p2p_twisted.testing.hosts import HostOf
from p2p_twisted.testing.paths import Paths


class Direction(Protocol):
    """One direction of a connection, from one process to another."""

    source: "Process"
    target: "Process"


Tap = Callable[[Direction, bytes], None]
"""Is given what arrives."""


class Network(Protocol):
    """
    What connects processes.

    :ivar ports: that processes listen on, by addresses and numbers.
    :ivar stuck: what to call when more gets through again.
    :ivar ended: everything that belonged to processes that have ended.
    :ivar tap: hears everything that arrives.
    """

    clock: VirtualClock
    paths: Paths
    ports: "dict[tuple[str, int], ListeningPort]"
    stuck: dict[Callable[[], None], None]
    ended: list[object]
    tap: Tap | None

    @property
    def host_of(self) -> HostOf:
        """What gives the host of each process."""

    def carries(self, source: "Process", target: "Process") -> bool:
        """Return whether what one process sends to another arrives."""

    def lets_in(self, source: "Process", target: "Process") -> bool:
        """Return whether one process can connect with another, as far as the network goes."""

    def free_port(self) -> int:
        """Return a port that no process has had."""

    def note(self, what: str, source: str, target: str, data: bytes = b"") -> None:
        """Record what happened on the wire, and between which processes."""


class Process(Protocol):
    """
    A process, as the network sees it.

    :ivar running: until it has crashed or vanished.
    :ivar is_gone: whether it has vanished, and its host with it.
    :ivar connections: its ends of connections.
    """

    name: str
    running: bool
    is_gone: bool
    connections: dict[Any, None]

    @property
    def network(self) -> Network:
        """What connects it with others."""

    @property
    def is_awake(self) -> bool:
        """Whether its code runs."""

    def seconds(self) -> float:
        """Return the virtual time."""

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: Any, **kwargs: Any
    ) -> Timer:
        """Set a timer of this process."""


class ListeningPort(Protocol):
    """A port on which a process listens."""

    factory: IProtocolFactory

    @property
    def process(self) -> Process:
        """The process."""

    def getHost(self) -> IPv4Address:
        """Return where it listens."""
