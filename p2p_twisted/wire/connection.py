"""The line protocol under every conversation: greeting, deadlines, pings, bounds."""

from collections import deque
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import (
    IConsumer,
    IDelayedCall,
    IHalfCloseableProtocol,
    IPullProducer,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.errors import ProtocolError, UnknownVerb
from p2p_twisted.wire.messages import Error, Hello, Message, Ping, Pong
from p2p_twisted.wire.session import Session

_HTTP: Final = b" HTTP/"

RawSink = Callable[[bytes], None]
"""Takes raw bytes as they come, in pieces of any size."""


class IStream(ITCPTransport, IConsumer):
    """A TCP transport: what Twisted's are, and no one interface of its says."""


@implementer(IPushProducer, IHalfCloseableProtocol)
class Connection(LineReceiver):
    """
    One TCP connection that carries messages, and raw bytes where a message says so.

    A listener's side speaks first: it is given the :class:`Hello` to send. The
    dialer's side waits for one. Either way the first line must come within 5 s.

    What is sent while the other side does not read waits in a queue of at most
    1 MiB; sheddable messages are dropped from half of that on. Where the queue
    is full, or has not moved for 10 s, the connection is aborted.

    :ivar session: whoever talks on this connection now.
    :ivar ended: is told when the connection is gone, before its session is.
    :ivar hint: how to go on, for somebody who sent an unknown verb.
    :ivar answers_after_end: whether to keep open what the other side has finished
        sending on, because an answer is still due.
    :ivar round_trip: of the last answered ping, in seconds; ``None`` before it.
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
    round_trip: float | None = None

    def __init__(self, clock: IReactorTime, greeting: Hello | None = None) -> None:
        self.ended = _ignore
        self._clock = clock
        self._greeting = greeting
        self._is_greeted = greeting is not None
        self._is_closing = False
        self._is_lost = False
        self._has_talked = False
        self._strikes = 0
        self._deadline: IDelayedCall | None = None
        self._last_heard = clock.seconds()
        self._pinged: tuple[int, float] | None = None
        self._pulse: IDelayedCall | None = None
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._blocked: IDelayedCall | None = None
        self._is_paused = False
        self._raw_left = 0
        self._raw_sink: RawSink = _ignore

    # What sessions use

    @property
    def host(self) -> str:
        """The IP address that the other side's bytes come from."""
        return self.transport.getPeer().host

    @property
    def local_host(self) -> str:
        """The IP address of ours that the other side reached."""
        return self.transport.getHost().host

    @property
    def is_open(self) -> bool:
        """Whether messages sent now may still arrive."""
        return not (self._is_closing or self._is_lost)

    @property
    def has_talked(self) -> bool:
        """Whether the other side has sent a message yet."""
        return self._has_talked

    def send(self, message: Message, sheddable: bool = False) -> bool:
        """
        Send a message, now or as soon as the other side reads again.

        :param sheddable: it may be dropped rather than queued behind much else.
        :returns: whether it was sent or queued.
        :raises LineTooLong: when the caller should have split it.
        """
        return self.send_raw(encode(message), sheddable)

    def send_raw(self, line: bytes, sheddable: bool = False) -> bool:
        """Send bytes that are a line already, or that the last line announced."""
        if not self.is_open:
            return False
        if not self._is_paused:
            self.transport.write(line)
            return True
        if sheddable and self._queued_bytes > limits.QUEUE_BYTES // 2:
            return False
        if self._queued_bytes + len(line) > limits.QUEUE_BYTES:
            self.log.info("{host} reads too slowly: its queue is full", host=self.host)
            self.abort()
            return False
        self._queue.append(line)
        self._queued_bytes += len(line)
        return True

    def expect_raw(self, length: int, sink: RawSink) -> None:
        """
        Read the next bytes as they are, then lines again.

        Called while a message is being received, for what stands behind it.

        :param length: how many bytes; none is fine.
        :param sink: is given them in pieces.
        """
        self._raw_left = length
        self._raw_sink = sink
        if length:
            self.setRawMode()

    def stream(self, producer: IPullProducer) -> None:
        """Let a producer write to the transport; nothing else is sent until it ended."""
        self.resumeProducing()
        self._flush()
        self.transport.unregisterProducer()
        self.transport.registerProducer(producer, False)

    def stream_ended(self) -> None:
        """Take the transport back from a producer."""
        self.transport.unregisterProducer()
        if self.is_open:
            self.transport.registerProducer(self, True)

    def within(self, seconds: float) -> None:
        """Abort unless :meth:`within` or :meth:`in_time` is called again before."""
        self.in_time()
        self._deadline = self._clock.callLater(seconds, self._late)

    def in_time(self) -> None:
        """Lift the deadline."""
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()

    def keep_alive(self) -> None:
        """From now on ping when it is silent for 5 s, and abort after 15 s."""
        if self._pulse is None:
            self._last_heard = self._clock.seconds()
            self._pulse = self._clock.callLater(limits.PING_AFTER_SECONDS, self._check_life)

    def refuse(self, error: ProtocolError | Error) -> None:
        """Say what is wrong, and close."""
        if isinstance(error, ProtocolError):
            error = Error(str(error)[: limits.REASON_CHARACTERS])
        self.send(error)
        self.close()

    def close(self) -> None:
        """Close once all that was sent has left, or in 5 s at the latest."""
        if not self.is_open:
            return
        self._flush()
        self._is_closing = True
        self.transport.unregisterProducer()
        self.transport.loseConnection()
        self.within(limits.CLOSE_SECONDS)

    def abort(self) -> None:
        """Close at once; what has not left is lost."""
        self._is_closing = True
        # A lost TLS connection has no transport left to abort.
        if not self._is_lost:
            self.transport.abortConnection()

    # What Twisted calls

    @override
    def connectionMade(self) -> None:
        self.transport.registerProducer(self, True)
        self.within(limits.FIRST_LINE_SECONDS)
        if self._greeting is not None:
            self.send(self._greeting)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._is_lost = True
        self.in_time()
        self._forget_queue()
        for call in (self._pulse, self._blocked):
            if call is not None and call.active():
                call.cancel()
        self.ended(self)
        self.session.lost(reason)

    @override
    def dataReceived(self, data: bytes) -> None:
        self._last_heard = self._clock.seconds()
        if self.is_open:
            super().dataReceived(data)

    @override
    def lineReceived(self, line: bytes) -> None:
        if not self.is_open or not line.strip():
            return
        try:
            self._take(decode(line))
        except ProtocolError as error:
            if not self._is_greeted or (not self._has_talked and _HTTP in line):
                # Something that is not one of us gets no byte from us.
                self.abort()
            elif isinstance(error, UnknownVerb):
                self._strike(error)
            else:
                self.refuse(error)

    @override
    def rawDataReceived(self, data: bytes) -> None:
        if not self.is_open:
            return
        piece, rest = data[: self._raw_left], data[self._raw_left :]
        self._raw_left -= len(piece)
        ended = self._raw_left == 0
        try:
            self._raw_sink(piece)
        except ProtocolError as error:
            self.refuse(error)
            return
        # The sink may have announced that more raw bytes follow, or closed.
        if ended and self._raw_left == 0:
            self.setLineMode(rest)
        elif rest:
            self.rawDataReceived(rest)

    @override
    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(ProtocolError(f"a line may have at most {limits.LINE_BYTES} bytes"))

    def pauseProducing(self) -> None:
        """Queue what is sent from now on: the transport's buffer is full."""
        self._is_paused = True
        if self._blocked is None:
            self._blocked = self._clock.callLater(limits.BLOCKED_SECONDS, self._blocked_for_long)

    def resumeProducing(self) -> None:
        """Send what was queued, as far as the transport takes it."""
        self._is_paused = False
        if self._blocked is not None:
            self._blocked.cancel()
            self._blocked = None
        while self._queue and not self._is_paused:
            line = self._queue.popleft()
            self._queued_bytes -= len(line)
            self.transport.write(line)

    def stopProducing(self) -> None:
        """Do nothing: the loss of the connection is told separately."""

    def readConnectionLost(self) -> None:
        """Take note that the other side has finished sending."""
        if not self.answers_after_end:
            self.close()

    def writeConnectionLost(self) -> None:
        """Do nothing: we never finish sending without closing."""

    # How it works

    def _take(self, message: Message) -> None:
        if not self._is_greeted:
            if not isinstance(message, Hello):
                raise ProtocolError("a listener greets with HELLO first")
            self._is_greeted = True
            self._talked()
            self.session.greeted(message)
        elif isinstance(message, Ping):
            self._talked()
            self.send(Pong(message.n))
        elif isinstance(message, Pong):
            self._time_round_trip(message)
        else:
            self._talked()
            self.session.received(message)

    def _talked(self) -> None:
        if not self._has_talked:
            self._has_talked = True
            self.in_time()

    def _strike(self, error: UnknownVerb) -> None:
        self._strikes += 1
        answer = Error(self.hint or str(error), "flag")
        if self._strikes >= limits.STRIKES:
            self.refuse(answer)
        else:
            self.send(answer)

    def _check_life(self) -> None:
        silent = self._clock.seconds() - self._last_heard
        if silent >= limits.DEAD_AFTER_SECONDS:
            self.abort()
            return
        if silent >= limits.PING_AFTER_SECONDS and not self._is_paused:
            now = self._clock.seconds()
            self._pinged = (int(now * 1000), now)
            self.send(Ping(self._pinged[0]))
        wait = max(1.0, limits.PING_AFTER_SECONDS - silent)
        self._pulse = self._clock.callLater(wait, self._check_life)

    def _time_round_trip(self, pong: Pong) -> None:
        if self._pinged is not None and self._pinged[0] == pong.n:
            self.round_trip = self._clock.seconds() - self._pinged[1]
            self._pinged = None

    def _late(self) -> None:
        self.log.debug("{host} was too late", host=self.host)
        self.abort()

    def _blocked_for_long(self) -> None:
        self._blocked = None
        self.log.info("{host} has not read for long", host=self.host)
        self.abort()

    def _flush(self) -> None:
        """Hand the queue to the transport, whether it likes it or not: it is bounded."""
        for line in self._queue:
            self.transport.write(line)
        self._forget_queue()

    def _forget_queue(self) -> None:
        self._queue.clear()
        self._queued_bytes = 0


def _ignore(_what: object) -> None:
    """Stand where nobody listens."""
