"""Simulated connections in one process, and a stranger who connects as well."""

from collections.abc import Callable
from typing import Any

from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.test.iosim import FakeTransport, IOPump, connect
from typing_extensions import override

from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Message

_STEPS = 1_000
_PIECE_BYTES = 65_536


class _Transport(FakeTransport):
    """Hands up no more at once than a socket does."""

    @override
    def bufferReceived(self, buf: bytes) -> None:
        for start in range(0, len(buf), _PIECE_BYTES):
            super().bufferReceived(buf[start : start + _PIECE_BYTES])


class Wires(Clock):
    """A reactor whose connections lead from one listener's factory to another."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners: dict[tuple[str, int], Callable[[], Any]] = {}
        self.dialed: list[tuple[str, int]] = []
        self.pumps: list[IOPump] = []

    def connectTCP(  # noqa: N802
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: object = None,  # noqa: N803
    ) -> Any:
        """Connect at once, or fail at once."""
        self.dialed.append((host, port))
        listener = self.listeners.get((host, port))
        if listener is None:
            factory.clientConnectionFailed(None, Failure(error.ConnectionRefusedError()))
            return None
        server, client = listener(), factory.buildProtocol(IPv4Address("TCP", host, port))
        here, there = IPv4Address("TCP", "127.0.0.1", 40_000), IPv4Address("TCP", host, port)
        self.pumps.append(
            connect(
                server,
                _Transport(server, True, there, here),
                client,
                _Transport(client, False, here, there),
                greet=False,
                clock=self,
            )
        )
        return None

    def step(self, times: int = 1) -> None:
        """Let bytes move a few times, all connections alike."""
        for _ in range(times):
            self.advance(0)
            for pump in self.pumps:
                pump.pump()

    def step_until(self, condition: Callable[[], object]) -> None:
        """Let bytes move until something is true, and no further."""
        for _ in range(_STEPS):
            if condition():
                return
            self.step()
        raise AssertionError("it never happened")

    def settle(self) -> None:
        """Let everything happen that needs no time."""
        self.advance(0)
        while [pump for pump in self.pumps if pump.flush()]:
            self.advance(0)

    def pass_time(self, seconds: float, step: float = 0.5) -> None:
        """Let time go by."""
        for _ in range(round(seconds / step)):
            self.advance(step)
            self.settle()


class Given(Factory):
    """Makes one protocol, which may have a factory of its own already: TLS has."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: object) -> Any:
        return self._protocol


class Stranger(Protocol):
    """Whoever connects to a listener and sends bytes as it likes."""

    def __init__(self) -> None:
        self.received = b""
        self.is_lost = False

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.received += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_lost = True

    def say(self, *what: Message | bytes) -> None:
        assert self.transport is not None
        for each in what:
            self.transport.write(each if isinstance(each, bytes) else encode(each))
