"""The line protocol under every conversation: greeting, deadlines, closing."""

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTime, ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.wire import limits
from p2p_twisted.wire.blocks import plain_socket
from p2p_twisted.wire.codec import encode, encode_greeting, printable
from p2p_twisted.wire.endings import Endings
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.input import Input
from p2p_twisted.wire.intake import Intake
from p2p_twisted.wire.keepalive import KeepAlive
from p2p_twisted.wire.line_gate import Drop, First, Greeted, Hint, LineGate, Reject
from p2p_twisted.wire.messages import Error, Hello, Message, Ping, Pong
from p2p_twisted.wire.names import BadName, plain_host
from p2p_twisted.wire.phase import Phase
from p2p_twisted.wire.send_queue import SendQueue
from p2p_twisted.wire.session import Session
from p2p_twisted.wire.tcp_stream import IStream

SessionMaker = Callable[["Connection"], Session]
"""Makes the first session of a connection."""


@implementer(IHalfCloseableProtocol)
class Connection(LineReceiver):
    """
    One TCP connection that carries messages, and raw bytes where a message says so.

    A listener's side speaks first: it is given the :class:`Hello` to send. The dialer's side sends
    nothing before that. The first message must come within 5 s; pings do not count as one.

    :param clock: the reactor; where it knows other readers than transports, they read blocks.
    :param make_session: is called once, before this constructor returns.
    :param greeting: makes this the listener's side.
    :param ended: is told when it is gone, before its session is; ``endings`` are for several.
    :ivar gate: decides about each line, and knows who may send any.
    :ivar input: the raw bytes that come in between lines.
    :ivar intake: how much time what comes may take.
    :ivar output: the queue of what is sent, and the raw bytes that a producer sends.
    :ivar keep_alive: pings, once started, and knows the round trip.
    """

    log = Logger()
    delimiter = b"\n"
    MAX_LENGTH = limits.LINE_BYTES

    # Twisted sets it before connectionMade, and we use it only from there on.
    transport: IStream

    def __init__(
        self,
        clock: IReactorTime,
        make_session: SessionMaker,
        greeting: Hello | None = None,
        ended: Callable[["Connection"], None] | None = None,
        endings: Endings | None = None,
    ) -> None:
        self._greeting, self._ended = greeting, ended
        self._phase = Phase.CONNECTING
        self._deadline = Alarm(clock, self._too_late)
        give_up = self._give_up
        self.output = SendQueue(clock, give_up, endings or Endings(clock))
        self.input = Input(clock, self._take_straight)
        self.intake = Intake(clock, self, self.input)
        self.keep_alive = KeepAlive(clock, greeting is None, self.send, give_up)
        self.gate = LineGate(is_greeted=greeting is not None)
        self._session = make_session(self)

    @property
    def host(self) -> str:
        """The IP address that the other side's bytes come from."""
        return plain_host(self.transport.getPeer().host)

    @property
    def is_open(self) -> bool:
        """Whether messages sent now may still arrive."""
        return self._phase is Phase.OPEN

    def attend(self, transport: IStream) -> None:
        """Wait, within the deadline, for encryption on a transport: ``makeConnection`` is next."""
        self.transport, self.connected = transport, 1
        if self._phase is Phase.CLOSING:
            transport.abortConnection()
        else:
            self._phase = Phase.SECURING
            self._deadline.set(limits.FIRST_LINE_SECONDS)

    def hand_over(self, session: Session) -> None:
        """Give everything that comes from now on to another session."""
        self._session = session

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
        if not (self.is_open and self.gate.is_greeted):
            return False
        self.keep_alive.spoke()
        return self.output.send(line, sheddable)

    def set_deadline(self, seconds: float) -> None:
        """
        Abort the connection in so many seconds, unless the deadline is set again or cleared.

        While the other side reads what a producer sent, it is given another half a minute.
        """
        if self.is_open:
            self._deadline.set(seconds)

    def clear_deadline(self) -> None:
        """Lift the deadline."""
        if self.is_open:
            self._deadline.stop()

    def refuse(self, error: ProtocolError | BadName | Error) -> None:
        """Say what is wrong, and close."""
        if not isinstance(error, Error):
            error = Error(printable(str(error), limits.REASON_CHARACTERS))
        self.log.debug("refused {host}: {reason}", host=self.host, reason=error.reason)
        self.send(error)
        self.close()

    def close(self) -> None:
        """Close once all that was sent has left, or in 5 s at the latest; abort a stream."""
        if self._phase in (Phase.CONNECTING, Phase.SECURING) or self.output.is_streaming:
            self.abort()
        elif self.is_open:
            self._begin_closing()
            self.output.finish()
            self._deadline.set(limits.CLOSE_SECONDS)

    def abort(self) -> None:
        """Close at once; what has not left is lost. Too early, too late or again does no harm."""
        # A lost TLS connection has no transport left to abort.
        if self._phase is not Phase.LOST:
            self.output.discard()
            self._begin_closing()
            if self.connected:
                self.transport.abortConnection()

    @override
    def connectionMade(self) -> None:
        if self._phase is Phase.CLOSING:
            self.transport.abortConnection()
            return
        self._phase = Phase.OPEN
        if ITCPTransport.providedBy(self.transport):
            # Lines are short and somebody waits for each: never hold one back for the next.
            self.transport.setTcpNoDelay(True)
        plain = plain_socket(self.transport)
        self.input.attach(self.transport, plain)
        self.output.attach(self.transport, plain)
        self.set_deadline(limits.FIRST_LINE_SECONDS)
        if self._greeting is not None:
            self.keep_alive.spoke()
            self.output.send(encode_greeting(self._greeting))

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._begin_closing()
        self._phase = Phase.LOST
        self._deadline.end()
        self.output.discard()
        self.keep_alive.stop()
        if self._ended is not None:
            self._ended(self)
        self._session.lost(reason)
        # Nothing leads back here any more: otherwise Python looks for circles, which takes long.
        del self._session

    @override
    def dataReceived(self, data: bytes) -> None:
        self.keep_alive.heard()
        if self.is_open:
            self.intake.piece_came()
            super().dataReceived(data)
            self.intake.piece_handled()
            self.input.fit()

    @override
    def lineReceived(self, line: bytes) -> None:
        self.input.line_came(len(line) + len(self.delimiter))
        self._guard(self._take_line, line)
        if self.input.left:
            self.setRawMode()
        else:
            self.intake.line_handled()

    @override
    def rawDataReceived(self, data: bytes) -> None:
        self._guard(self._take_raw, data)

    @override
    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(ProtocolError(f"a line may have at most {limits.LINE_BYTES} bytes"))

    def readConnectionLost(self) -> None:
        """Handle the last line, ended or not: the other side has finished sending."""
        if self.line_mode and (rest := self.clearLineBuffer()):
            self.lineReceived(rest)
        if not self._session.keeps_half_open:
            self.close()

    def writeConnectionLost(self) -> None:
        """Ignore it: we never finish sending without closing."""

    def _guard(self, take: Callable[[Any], None], received: Any) -> None:
        """Handle what was received; whatever is wrong with it ends this connection alone."""
        try:
            take(received)
        except (ProtocolError, BadName) as error:
            self.refuse(error)
        except Exception:
            # A mistake of ours, not of the other side: so it is logged with its traceback.
            self.log.failure("while receiving from {host}", host=self.host)
            self.abort()

    def _take_line(self, line: bytes) -> None:
        match self.gate.take(line, self._session.unknown_verb_hint):
            case First(message):
                # The session mostly sets one of its own.
                self._deadline.rest()
                self._session.received(message)
            case Ping() | Pong() if not self.keep_alive.is_moderate():
                self.refuse(ProtocolError("pings come too often"))
            case Ping(number):
                self.keep_alive.pinged()
                self.send(Pong(number))
            case Pong(number):
                self.keep_alive.answered(number)
            case Message() as message:
                self._session.received(message)
            case Greeted(hello):
                self.clear_deadline()
                try:
                    self._session.greeted(hello)
                except ProtocolError:
                    self.abort()
            case Hint(answer):
                self.send(answer)
                if not self.gate.has_talked:
                    # A person who mistyped the first word has as long again.
                    self.set_deadline(limits.FIRST_LINE_SECONDS)
            case Reject(error):
                self.refuse(error)
            case Drop():
                self.abort()

    def _take_raw(self, received: bytes) -> None:
        behind = self.input.take(received)
        if self.is_open and not self.input.left:
            self.setLineMode(behind)

    def _take_straight(self, count: int, behind: bytes) -> None:
        """Handle what was read into a block, if anything was, and the first bytes behind it."""
        self.keep_alive.heard()
        if count:
            self._guard(self.input.filled, count)
            if self.is_open and not self.input.left:
                self.setLineMode()
        if behind:
            self.dataReceived(behind)
        else:
            self.input.fit()

    def _begin_closing(self) -> None:
        self._phase = Phase.CLOSING
        self.intake.stop()
        self.input.end()
        self.clearLineBuffer()

    def _too_late(self) -> None:
        if self.is_open and self.output.is_being_read():
            self._deadline.set(limits.STALL_SECONDS)
        else:
            self._give_up("it was too late")

    def _give_up(self, why: str) -> None:
        self.log.debug("gave {host} up: {why}", host=self.host, why=why)
        self.abort()
