"""The line protocol under every conversation: greeting, deadlines, raw sections."""

from collections.abc import Callable
from enum import Enum, auto
from typing import TypeVar

from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IPullProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.wire import limits
from p2p_twisted.wire.blocks import Block, Pieces, RawSink, Section
from p2p_twisted.wire.codec import encode, printable
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.input import Input
from p2p_twisted.wire.keepalive import KeepAlive
from p2p_twisted.wire.line_gate import LineGate
from p2p_twisted.wire.messages import Error, Hello, Message, Ping
from p2p_twisted.wire.names import BadName, plain_host
from p2p_twisted.wire.pace import Pace
from p2p_twisted.wire.send_queue import IStream, SendQueue
from p2p_twisted.wire.session import Session
from p2p_twisted.wire.source import Source

T = TypeVar("T")


class _Phase(Enum):
    """What a connection lives through; it may skip some, and never goes back."""

    CONNECTING = auto()
    OPEN = auto()
    CLOSING = auto()
    LOST = auto()


@implementer(IHalfCloseableProtocol)
class Connection(LineReceiver):
    """
    One TCP connection that carries messages, and raw bytes where a message says so.

    A listener's side speaks first: it is given the :class:`Hello` to send. The
    dialer's side waits for one, and sends nothing before it. Either way the
    first message must come within 5 s; pings do not count as one.

    What is sent while the other side does not read waits in a queue of at most
    1 MiB; sheddable messages are dropped from half of that on. Where the queue
    is full, or has not moved for 10 s, the connection is aborted.

    :param clock: the reactor; where it lets others than transports read, blocks on
        plain TCP connections are read straight into their buffers.
    :ivar session: whoever talks on this connection now.
    :ivar ended: is told when the connection is gone, before its session is.
    :ivar hint: how to go on, for somebody who sent an unknown verb.
    :ivar answers_after_end: whether to keep open what the other side has finished
        sending on, because an answer is still due.
    """

    log = Logger()

    delimiter = b"\n"
    MAX_LENGTH = limits.LINE_BYTES

    # Twisted sets it before connectionMade, and we use it only from there on.
    transport: IStream

    session: Session
    ended: Callable[["Connection"], None]
    hint: str | None = None
    answers_after_end = False

    def __init__(self, clock: IReactorTime, greeting: Hello | None = None) -> None:
        self.ended = _ignore
        self._greeting = greeting
        self._phase = _Phase.CONNECTING
        self._deadline = Alarm(clock, self._too_late)
        self._outbox = SendQueue(clock, self._give_up)
        self._pulse = KeepAlive(clock, greeting is None, self._ping, self._give_up_silent)
        self._intake = Input(clock, self._take_straight)
        self._manners = LineGate(self, self._pulse, greeting is not None)

    # What sessions use

    @property
    def host(self) -> str:
        """The IP address that the other side's bytes come from."""
        return plain_host(self.transport.getPeer().host)

    @property
    def local_host(self) -> str:
        """The IP address of ours that the other side reached."""
        return plain_host(self.transport.getHost().host)

    @property
    def is_open(self) -> bool:
        """Whether messages sent now may still arrive."""
        return self._phase is _Phase.OPEN

    @property
    def has_talked(self) -> bool:
        """Whether the other side has sent a message yet, other than pings."""
        return self._manners.has_talked

    @property
    def round_trip(self) -> float | None:
        """The time to the other side and back, in seconds, as far as it is known."""
        return self._pulse.round_trip

    def send(self, message: Message, sheddable: bool = False) -> bool:
        """
        Send a message, now or as soon as the other side reads again.

        :param sheddable: it may be dropped rather than queued behind much else.
        :returns: whether it was sent or queued.
        :raises Unsendable: when the other side could not accept it.
        """
        return self.send_raw(encode(message), sheddable)

    def send_raw(self, line: bytes, sheddable: bool = False) -> bool:
        """Send bytes that are a line already, or that the last line announced."""
        # What we dialed gets no byte before it has said that it is one of us.
        if not (self.is_open and self._manners.is_greeted):
            return False
        self._pulse.spoke()
        return self._outbox.write(line, sheddable)

    def expect_raw(self, length: int, sink: RawSink) -> None:
        """
        Read the next bytes as they are, then lines again.

        Called while a message or the last raw byte is being received, for what
        stands behind it.

        :param length: how many bytes; none is fine, and calls nothing.
        :param sink: is given them in pieces; may raise :class:`ProtocolError`.
        """
        self._expect(Pieces(length, sink))

    def expect_block(
        self, block: memoryview, moved: Callable[[int], None], done: Callable[[], None]
    ) -> None:
        """
        Read the next bytes into a buffer until it is full, then lines again.

        Called as :meth:`expect_raw` is. Plain TCP is fastest where the buffer lies
        towards pages of memory as what is sent lies towards pages of its file.

        :param block: has room for a byte at least.
        :param moved: is told how many bytes have come, each time that some have.
        :param done: is called when it is full; may raise :class:`ProtocolError`.
        """
        self._expect(Block(block, moved, done))

    def pace(self, pace: Pace) -> None:
        """Receive raw bytes no faster than a pace allows; it is stopped at the end."""
        self._intake.pace(pace)

    def stream(self, producer: IPullProducer) -> None:
        """
        Let a producer write to the transport; what is sent meanwhile waits behind it.

        Nobody watches how it gets on: the session sets a deadline.
        """
        if self.is_open:
            self._outbox.lend(producer)
        else:
            producer.stopProducing()

    def write(self, piece: bytes) -> None:
        """Write for the producer that :meth:`stream` let in."""
        if self.is_open:
            self.transport.write(piece)

    def write_from(self, source: Source, offset: int, length: int, line: bytes = b"") -> int:
        """
        Write some of a source's bytes for the producer that :meth:`stream` let in.

        Only when the transport has asked for more: they may go past what it has.

        :param line: goes before them.
        :returns: how many of the source's; 0 where it takes none now, and asks again later.
        :raises SourceChanged: when they are not what they were.
        """
        return self._outbox.write_from(source, offset, length, line) if self.is_open else 0

    def stream_ended(self) -> None:
        """Take the transport back from a producer."""
        if self.is_open:
            self._outbox.take_back()

    def within(self, seconds: float) -> None:
        """
        Abort unless :meth:`within` or :meth:`in_time` is called again before.

        As long as the other side still reads what :meth:`write_from` sent, it is given
        another half a minute.
        """
        if self.is_open:
            self._deadline.set(seconds)

    def in_time(self) -> None:
        """Lift the deadline."""
        if self.is_open:
            self._deadline.stop()

    def keep_alive(self) -> None:
        """From now on ping when it is silent for 5 s, or 6, and abort after 15 s."""
        if self.is_open:
            self._pulse.start()

    def refuse(self, error: ProtocolError | BadName | Error) -> None:
        """Say what is wrong, and close."""
        if not isinstance(error, Error):
            error = Error(printable(str(error), limits.REASON_CHARACTERS))
        self.log.debug("refused {host}: {reason}", host=self.host, reason=error.reason)
        self.send(error)
        self.close()

    def close(self) -> None:
        """
        Close once all that was sent has left, or in 5 s at the latest.

        In the middle of a stream there is nothing left to say: it is aborted.
        """
        if self._phase is _Phase.CONNECTING or self._outbox.is_lent:
            self.abort()
        elif self.is_open:
            self._outbox.finish()
            self._phase = _Phase.CLOSING
            self._intake.end()
            self.clearLineBuffer()
            self.transport.loseConnection()
            self._deadline.set(limits.CLOSE_SECONDS)

    def abort(self) -> None:
        """Close at once; what has not left is lost. Too early, too late or again does no harm."""
        # A lost TLS connection has no transport left to abort.
        if self._phase is not _Phase.LOST:
            self._phase = _Phase.CLOSING
            self._intake.end()
            self.clearLineBuffer()
            if self.connected:
                self.transport.abortConnection()

    # What Twisted calls

    @override
    def connectionMade(self) -> None:
        if self._phase is _Phase.CLOSING:
            # It was aborted while it was being dialed.
            self.transport.abortConnection()
            return
        self._phase = _Phase.OPEN
        if ITCPTransport.providedBy(self.transport):
            # Lines are short and somebody waits for each: never hold one back for the next.
            self.transport.setTcpNoDelay(True)
        self._intake.attach(self.transport)
        self._outbox.attach(self.transport)
        self.within(limits.FIRST_LINE_SECONDS)
        if self._greeting is not None:
            self.send(self._greeting)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._phase = _Phase.LOST
        self._deadline.stop()
        self._intake.end()
        self._outbox.discard()
        self._pulse.stop()
        self.ended(self)
        self.session.lost(reason)

    @override
    def dataReceived(self, data: bytes) -> None:
        self._pulse.heard()
        if self.is_open:
            super().dataReceived(data)
            self._read_on()

    @override
    def lineReceived(self, line: bytes) -> None:
        self._intake.line_came(len(line) + len(self.delimiter))
        if line.strip():
            self._guard(self._manners.take, line)

    @override
    def rawDataReceived(self, data: bytes) -> None:
        self._guard(self._take_raw, data)

    @override
    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(ProtocolError(f"a line may have at most {limits.LINE_BYTES} bytes"))

    def readConnectionLost(self) -> None:
        """Take the last line, ended or not: the other side has finished sending."""
        if self.line_mode and (rest := self.clearLineBuffer()):
            self.lineReceived(rest)
        if not self.answers_after_end:
            self.close()

    def writeConnectionLost(self) -> None:
        """Do nothing: we never finish sending without closing."""

    # How it works

    def _guard(self, take: Callable[[T], None], received: T) -> None:
        """Take what was received; whatever is wrong with it ends this connection alone."""
        try:
            take(received)
        except (ProtocolError, BadName) as error:
            self.refuse(error)
        except Exception:
            # A mistake of ours, not of the other side: so it is logged with its traceback.
            self.log.failure("while receiving from {host}", host=self.host)
            self.abort()

    def _expect(self, section: Section) -> None:
        self._intake.expect(section)
        if section.left:
            self.setRawMode()

    def _take_raw(self, received: bytes) -> None:
        intake, start = self._intake, 0
        # Whoever takes them may announce that more raw bytes follow, or close.
        while intake.left and start < len(received) and self.is_open:
            piece = received[start : start + intake.left]
            start += len(piece)
            intake.take(piece)
        if self.is_open and not intake.left:
            self.setLineMode(received[start:])

    def _take_straight(self, count: int, behind: bytes) -> None:
        """Take what was read into a block, if anything was, and the first bytes behind it."""
        self._pulse.heard()
        if count:
            self._guard(self._intake.filled, count)
            if self.is_open and not self._intake.left:
                self.setLineMode()
        if behind:
            self.dataReceived(behind)
        else:
            self._read_on()

    def _read_on(self) -> None:
        if self.is_open:
            self._intake.fit()

    def _ping(self, number: int) -> None:
        self.send(Ping(number))

    def _too_late(self) -> None:
        if self.is_open and self._outbox.is_being_read():
            self._deadline.set(limits.STALL_SECONDS)
        else:
            self._give_up("it was too late")

    def _give_up_silent(self) -> None:
        self._give_up(f"it has been silent for {limits.DEAD_AFTER_SECONDS:.0f} s")

    def _give_up(self, why: str) -> None:
        self.log.debug("gave {host} up: {why}", host=self.host, why=why)
        self.abort()


def _ignore(_what: object) -> None:
    """Stand where nobody listens."""
