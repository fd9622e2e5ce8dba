"""The holder's side of a push: send the chunks that are asked for."""

from collections import deque
from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPullProducer, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.transfer.wholes import Wholes
from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.content import chunk_count, chunk_length
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Chunk, Done, Error, Hello, Message, More, Push, Refuse, Send
from p2p_twisted.wire.names import MessageId
from p2p_twisted.wire.source import Source, SourceChanged

_LARGE_BYTES: Final = limits.MIB
_SMALL_BYTES: Final = 64 * limits.KIB
_SLOW_SECONDS: Final = 1.0


@implementer(IPullProducer)
class Pushing:
    """
    A session on a connection that we dialed: push one source to who is expected there.

    The transport pulls: a piece is read when the one before it has left. A
    requester that does not read, or asks for nothing, for 30 s is given up.

    :param source: is closed by the caller when the connection is gone.
    :param wholes: other files, which this requester may ask for on the way.
    :param is_expected: tells whether a greeting is the requester's.
    :ivar gone: fires when the connection is gone.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        connection: Connection,
        source: Source,
        wholes: Wholes,
        ticket: MessageId,
        is_expected: Callable[[Hello], bool],
    ) -> None:
        self.gone: Deferred[None] = Deferred()
        self._clock = clock
        self._connection = connection
        self._source = source
        self._wholes = wholes
        self._ticket = ticket
        self._is_expected = is_expected
        self._digests = memoryview(source.digests)
        self._ranges: deque[tuple[int, int]] = deque()
        # What is left of the chunk that is being sent.
        self._offset = 0
        self._end = 0
        self._is_streaming = False
        self._last_piece = clock.seconds()

    # What the requester says

    def greeted(self, hello: Hello) -> None:
        """Announce the content, and send its digests; a stranger gets no byte."""
        if not self._is_expected(hello):
            self._connection.abort()
            return
        source = self._source
        self._connection.send(Push(self._ticket, source.file, source.size))
        self._stream()

    def received(self, message: Message) -> None:
        """Take what is asked for, or the end."""
        if isinstance(message, Send):
            self._ask(message)
        elif isinstance(message, More):
            self._wholes.ask(message.files)
            self._go_on()
        elif isinstance(message, Done | Error | Refuse):
            self._connection.close()
        else:
            raise ProtocolError(f"{message.verb} has no place in a push")

    def lost(self, reason: Failure) -> None:
        """Take note that the requester is gone."""
        self.gone.callback(None)

    # What the transport calls

    def resumeProducing(self) -> None:
        """Send the next piece."""
        if not self._connection.is_open:
            return
        self._connection.within(limits.STALL_SECONDS)
        try:
            piece = self._next_piece()
        except SourceChanged:
            self._give_up()
            return
        if piece:
            self._connection.write(piece)
        else:
            self._is_streaming = False
            self._connection.stream_ended()

    def stopProducing(self) -> None:
        """Do nothing: the loss of the connection is told separately."""

    # How it works

    def _ask(self, send: Send) -> None:
        chunks = chunk_count(self._source.size)
        if any(first + count > chunks for first, count in send.chunks):
            raise ProtocolError(f"there are only {chunks} chunks")
        if len(self._ranges) + len(send.chunks) > limits.RANGES_WAITING:
            raise ProtocolError("too much is asked for at once")
        self._ranges.extend(send.chunks)
        self._go_on()

    def _go_on(self) -> None:
        self._connection.within(limits.STALL_SECONDS)
        self._stream()

    def _stream(self) -> None:
        if not self._is_streaming:
            self._is_streaming = True
            self._connection.stream(self)

    def _next_piece(self) -> bytes:
        """
        Choose what goes out next: a piece of the digests, or of a chunk, or its line.

        :returns: nothing when all that was asked for has been sent.
        :raises SourceChanged: when it is not there any more.
        """
        length = self._piece_length()
        if self._digests:
            digests, self._digests = self._digests[:length], self._digests[length:]
            return bytes(digests)
        if self._offset == self._end:
            # A line goes out by itself: joined to a piece, it would have that copied.
            return self._next_chunk()
        length = min(length, self._end - self._offset)
        piece = self._source.read(self._offset, length)
        self._offset += length
        return piece

    def _piece_length(self) -> int:
        """Choose small pieces for a slow link: large ones would not leave in time."""
        now = self._clock.seconds()
        took, self._last_piece = now - self._last_piece, now
        return _SMALL_BYTES if took > _SLOW_SECONDS else _LARGE_BYTES

    def _next_chunk(self) -> bytes:
        if not self._ranges:
            return self._wholes.next_piece()
        index, count = self._ranges.popleft()
        if count > 1:
            self._ranges.appendleft((index + 1, count - 1))
        length = chunk_length(self._source.size, index)
        self._offset = index * limits.CHUNK_BYTES
        self._end = self._offset + length
        return encode(Chunk(index, length))

    def _give_up(self) -> None:
        """Tell the requester, unless it would take that for a part of a chunk."""
        self.log.info("a file was changed while it was being pushed")
        self._is_streaming = False
        self._connection.stream_ended()
        if self._offset == self._end:
            self._connection.send(Refuse(self._ticket, "the file was changed"))
        self._connection.close()
