"""A connection under test: its transport, its session and its clock, all in memory."""

from collections.abc import Callable

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.wire.codec import decode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import PROTOCOL, Hello, Message
from p2p_twisted.wire.session import Session

HELLO = Hello(PROTOCOL, "peer", "s1", "default")
HELLO_LINE = b'HELLO {"protocol":1,"role":"peer","name":"s1","network":"default"}\r\n'


class Pipe(StringTransport):
    """A transport that keeps what was written, and says that it is full when told to."""

    # As of TCP.
    bufferSize = 65_536  # noqa: N815

    def __init__(self, host: str = "192.168.1.1") -> None:
        kind = IPv6Address if ":" in host else IPv4Address
        super().__init__(peerAddress=kind("TCP", host, 54321))
        self.aborts = 0
        self.is_full = False

    @override
    def write(self, data: bytes) -> None:
        super().write(data)
        if self.is_full and self.producer is not None and self.streaming:
            self.producer.pauseProducing()

    @override
    def abortConnection(self) -> None:
        self.aborts += 1
        super().abortConnection()

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802
        """Do nothing: nothing is held back here."""

    def fill(self) -> None:
        """Take no more, as when the other side does not read."""
        self.is_full = True
        assert self.producer is not None
        self.producer.pauseProducing()

    def drain(self) -> None:
        """Take more again."""
        self.is_full = False
        assert self.producer is not None
        self.producer.resumeProducing()

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        written: bytes = self.value()
        self.clear()
        return written

    @property
    def is_ended(self) -> bool:
        """Whether our side has closed or aborted."""
        return bool(self.disconnecting)


class Notes(Session):
    """A session that writes down what it is told."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.hellos: list[Hello] = []
        self.messages: list[Message] = []
        self.losses: list[Failure] = []

    def greeted(self, hello: Hello) -> None:
        self.hellos.append(hello)

    def received(self, message: Message) -> None:
        self.messages.append(message)

    def lost(self, reason: Failure) -> None:
        self.losses.append(reason)


class Talk:
    """A connection from one end: what comes in is said by the test."""

    def __init__(
        self,
        greeting: Hello | None = HELLO,
        host: str = "192.168.1.1",
        ended: Callable[[Connection], None] | None = None,
    ) -> None:
        self.clock = Clock()
        self.connection = Connection(self.clock, self._make_notes, greeting, ended)
        self.pipe = Pipe(host)

    def begin(self) -> "Talk":
        """Connect, and forget what was written by then."""
        self.connection.makeConnection(self.pipe)
        self.pipe.clear()
        return self

    def hear(self, received: bytes) -> bytes:
        """Receive bytes, and return what was answered."""
        self.connection.dataReceived(received)
        return self.pipe.taken()

    def pass_time(self, seconds: float) -> bytes:
        """Let time pass in steps of half a second, and return what was sent meanwhile."""
        self.clock.pump([0.5] * round(seconds * 2))
        return self.pipe.taken()

    def _make_notes(self, connection: Connection) -> Notes:
        self.notes = Notes(connection)
        return self.notes

    def lose(self) -> None:
        """Let the transport end, as it does after it was closed or aborted."""
        error = ConnectionAborted() if self.pipe.aborts else ConnectionDone()
        self.connection.connectionLost(Failure(error))


def listening(host: str = "192.168.1.1") -> Talk:
    """Make a listener's side that has greeted."""
    return Talk(HELLO, host).begin()


def dialing() -> Talk:
    """Make a dialer's side that waits for a greeting."""
    return Talk(None).begin()


def talking() -> Talk:
    """Make a listener's side whose first-line deadline is lifted."""
    talk = listening()
    talk.hear(b"BYE\n")
    talk.notes.messages.clear()
    return talk


def said(lines: bytes) -> list[Message]:
    """Read what was written."""
    return [decode(line) for line in lines.splitlines()]


class Choosy(Notes):
    """A session that refuses every message and every greeting."""

    def greeted(self, hello: Hello) -> None:
        raise ProtocolError("not the one I wanted")

    def received(self, message: Message) -> None:
        raise ProtocolError("say something else")


class Broken(Notes):
    """A session with a mistake in it."""

    def received(self, message: Message) -> None:
        raise KeyError("a mistake of ours")


class Breather:
    """A pace that pauses after so many bytes."""

    def __init__(self, most: int) -> None:
        self.allowance = most
        self.is_paused = False
        self.is_stopped = False
        self.go_on: Callable[[], None] = lambda: None

    def moved(self, count: int, go_on: Callable[[], None]) -> bool:
        self.is_paused = self.is_paused or count >= self.allowance
        self.go_on = go_on
        return not self.is_paused

    def over(self) -> None:
        self.is_paused = False
        self.go_on()

    def stop(self) -> None:
        self.is_stopped = True
