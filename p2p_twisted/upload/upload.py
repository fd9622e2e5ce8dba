"""The holder's side of a push: send the requested chunks."""

from collections import deque
from collections.abc import Callable, Iterable
from math import inf
from typing import Final

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.bandwidth.limiter import TransferPace
from p2p_twisted.explain.stopwatch import Stopwatch
from p2p_twisted.picker.ranges import Range, announcements
from p2p_twisted.picker.requested_chunks import RequestedChunks
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.upload.audience import Audience
from p2p_twisted.upload.producer import Span, StreamProducer
from p2p_twisted.upload.self_report import SelfReport, Uplink
from p2p_twisted.upload.small_sender import STILL_LOOKING, SmallFileSender
from p2p_twisted.upload.turns import Turns
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire import limits
from p2p_twisted.wire.chunks import chunk_count, chunk_length
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.connection_info import tcp_info
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import (
    Chunk,
    Done,
    Error,
    Have,
    HeldUp,
    Hello,
    Message,
    More,
    Prefer,
    Push,
    Refuse,
    Send,
    Want,
)
from p2p_twisted.wire.names import PeerName
from p2p_twisted.wire.sending import leave_little_unsent
from p2p_twisted.wire.session import Session
from p2p_twisted.wire.source import Source, SourceChanged

# Small pieces, so that a slow link sends each before the deadline.
_DIGESTS_BYTES: Final = 64 * limits.KIB


class Upload(Session):
    """
    A session that pushes one source to its requester, whoever has dialed whom.

    A requester from which nothing is heard for 30 s is given up.

    :param audience: the pushes of the same content to all requesters.
    :param small_files: sends other files, which this requester may ask for on the way.
    :param is_expected: returns whether a greeting is the requester's, where this peer dialed.
    :param how: the requester and this peer reach each other.
    :param pace: says when to pause.
    :param reading: calls what reads from a disk.
    :param uplink: tells what all pushes share.
    :param turns: of those who help each other; ``None`` where they need none.
    :ivar source: what is pushed; its maker closes it when the connection is gone.
    :ivar want: what the requester asked for, and who it is.
    :ivar gone: fires when the connection is gone.
    :ivar is_cut: whether it ends before the requester has said more than to greet, and unasked.
    :ivar has_begun: whether the requester has answered, and is sent something.
    :ivar began: when it was decided on, in seconds on the monotonic clock.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        connection: Connection,
        *,
        source: Source,
        audience: Audience,
        small_files: SmallFileSender,
        want: Want,
        is_expected: Callable[[Hello], bool],
        how: str,
        pace: TransferPace,
        reading: Offload,
        uplink: Callable[[], Uplink],
        turns: Turns | None,
    ) -> None:
        self.gone: Deferred[None] = Deferred()
        self.is_cut = True
        self.began = clock.seconds()
        self._clock = clock
        self._connection = connection
        self.source = source
        self._audience = audience
        self._small_files = small_files
        self.want = want
        self._is_expected = is_expected
        self._how = how
        self._pace = pace
        self._producer = StreamProducer(clock, connection, self, pace, reading)
        self._uplink = uplink
        self._turns = turns
        self._waiting = Stopwatch()
        self._report = SelfReport(self.began)
        self._digests = memoryview(source.digests)
        self._requested = RequestedChunks(chunk_count(source.size))
        # Lines to send between two chunks.
        self._lines: deque[bytes] = deque()
        # The chunk that is being sent.
        self._leaving: int | None = None
        self.has_begun = False

    def progress(self, now: float) -> UploadProgress:
        """Return how far the push is, and how fast."""
        want, meter = self.want, self._producer.meter
        return UploadProgress(want.name, want.file, meter.total, meter.rate(now), self._how)

    def give_up(self) -> None:
        """End it at once."""
        self.is_cut = False
        self._connection.abort()

    def unconnected(self) -> None:
        """End it where there never was a connection, whose loss could be reported."""
        self.is_cut = False
        self.gone.callback(None)

    # What the requester says

    def greeted(self, hello: Hello) -> None:
        """Begin, if this is the requester; an unexpected peer gets no byte."""
        if self._is_expected(hello):
            self.begin()
        else:
            self.give_up()

    def begin(self) -> None:
        """Announce the content, and send its digests."""
        source, audience = self.source, self._audience
        push = Push(
            self.want.ticket,
            source.file_id,
            source.size,
            partial=audience.joined(self),
            reorders=True,
            downloads=audience.is_download,
        )
        self._connection.output.lines_at_once = inf
        self._connection.send(push)
        self.has_begun = True
        self._producer.start()

    def received(self, message: Message) -> None:
        """Handle requests, and the end."""
        self.is_cut = False
        if isinstance(message, Send):
            self._requested.ask(message.chunks)
            self._go_on()
        elif isinstance(message, Prefer):
            self._requested.prefer(message.chunks)
        elif isinstance(message, Have):
            self._requested.cancel(message.chunks)
            self._audience.has(self, message.chunks)
            self._connection.set_deadline(limits.STALL_SECONDS)
            if not self._requested.is_empty:
                self._producer.start()
        elif isinstance(message, More):
            self._small_files.ask(message.files, message.together)
            self._go_on()
        elif isinstance(message, Done | Error | Refuse):
            self._connection.close()
        else:
            raise ProtocolError(f"{message.verb} has no place in a push")

    def lost(self, reason: Failure) -> None:
        """Clean up, as the requester is gone."""
        self._pace.stop()
        self._audience.left(self)
        self._end_turn()
        self.gone.callback(None)

    @property
    def is_running(self) -> bool:
        """Whether it has begun, and not ended."""
        return self.has_begun and self._connection.is_open

    # Called by the audience

    @property
    def is_idle(self) -> bool:
        """Whether the requester waits for nothing."""
        return self._requested.is_empty and not self._producer.is_streaming

    def offer(self, chunks: Iterable[Range]) -> None:
        """Announce chunks that may be asked for; the first announcement excludes all others."""
        lines = map(encode, announcements(self._requested.offer(chunks)))
        if not self.has_begun or self._producer.is_streaming:
            self._lines.extend(lines)
            return
        for line in lines:
            self._connection.send_raw(line)
        self._connection.set_deadline(limits.STALL_SECONDS)

    # Called by the turns

    @property
    def requester(self) -> PeerName:
        """Who is pushed to."""
        return self.want.name

    def go_on(self) -> None:
        """Send a chunk: this push has its turn now."""
        self._waiting.end(self._clock.seconds())
        self._producer.start()

    # Called by the producer

    def next_section(self) -> bytes | Span | None:
        """Choose what to send next: digests, lines, a chunk, or another file."""
        if self._digests:
            digests = bytes(self._digests[:_DIGESTS_BYTES])
            self._digests = self._digests[_DIGESTS_BYTES:]
            return digests
        self._tell_sent()
        if self._lines:
            return self._lines.popleft()
        index = self._next_chunk()
        return self._chunk(index) if index is not None else self._small()

    def broken(self, fault: Exception, is_between: bool) -> None:
        """Tell the requester that the push has ended, unless it would read that as chunk bytes."""
        reason = fault.told if isinstance(fault, SourceChanged) else STILL_LOOKING
        self.log.info("a push to {peer} ends: {reason}", peer=self.want.name, reason=reason)
        if is_between:
            self._connection.send(Refuse(self.want.ticket, reason))
        self._connection.close()

    # How it works

    def _go_on(self) -> None:
        self._connection.set_deadline(limits.STALL_SECONDS)
        self._producer.start()

    def _small(self) -> bytes | None:
        return self._small_files.next_piece(self._small_ready, self._held) or None

    def _small_ready(self) -> None:
        if self._connection.is_open:
            self._producer.start()

    def _next_chunk(self) -> int | None:
        """Choose a chunk, if it is this push's turn."""
        if self._turns is None or not self._requested.is_offered:
            return self._requested.next()
        if not self._requested.is_empty and not self._turns.take(self):
            self._waiting.begin(self._clock.seconds())
            return None
        if (index := self._requested.next()) is None:
            self._end_turn()
        else:
            # Its turn ends once the system has taken the chunk.
            leave_little_unsent(self._connection.transport, self._turns.bytes_per_second)
        return index

    def _end_turn(self, has_sent: bool = False) -> None:
        if self._turns is not None:
            self._turns.end(self, has_sent)

    def _tell_sent(self) -> None:
        index, self._leaving = self._leaving, None
        if index is not None:
            self._end_turn(has_sent=True)
            self._audience.sent(self, index, chunk_length(self.source.size, index))

    def _held(self) -> HeldUp | None:
        """Say now and then what holds this push up."""
        now = self._clock.seconds()
        if now < self._report.due_at:
            return self._report.ahead(self._uplink)
        way = tcp_info(self._connection.transport)
        times = attrs.evolve(self._producer.times(now), waiting=self._waiting.seconds(now))
        return self._report.held(times, self._uplink(), way, now)

    def _chunk(self, index: int) -> Span:
        self._leaving = index
        length = chunk_length(self.source.size, index)
        line = encode(Chunk(index, length, self._held()))
        return Span(self.source, index * limits.CHUNK_BYTES, length, line)
