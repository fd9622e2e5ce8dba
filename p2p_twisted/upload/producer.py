"""Write the bytes of a push as the transport asks for them, and no faster."""

import os
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

import attrs
from twisted.internet.interfaces import IPullProducer, IReactorTime
from twisted.logger import Logger
from zope.interface import implementer

from p2p_twisted.bandwidth.limiter import TransferPace
from p2p_twisted.bandwidth.meter import Meter
from p2p_twisted.explain.stopwatch import Stopwatch
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.upload.self_report import SendTimes
from p2p_twisted.upload.small_sender import NotKnownYet
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.source import (
    Source,
    SourceChanged,
    bring_to_hand,
    is_at_hand,
    is_in_memory,
    unreadable,
)

_LEAST_BYTES: Final = 16 * limits.KIB
_MOST_BYTES: Final = limits.MIB
_SLOW_SECONDS: Final = 1.0


@attrs.frozen
class Span:
    """Bytes of a source, sent right after the line that announces them."""

    source: Source
    offset: int
    length: int
    line: bytes = b""


class Supplier(Protocol):
    """Decides what is sent."""

    def next_section(self) -> bytes | Span | None:
        """
        Choose what to send next.

        :returns: lines or other bytes; a span; ``None`` when there is nothing to send now.
        :raises SourceChanged: when the source was changed.
        :raises NotKnownYet: when what was asked for may be there once this peer has looked.
        """

    def broken(self, fault: Exception, is_between: bool) -> None:
        """
        Handle such a fault; nothing more is sent.

        :param is_between: whether no span is unfinished, so that a line would be read as one.
        """


@implementer(IPullProducer)
class StreamProducer:
    """
    The output of one push, as the pull producer of its transport.

    A requester that takes nothing for 30 s is given up, as is a disk that gives nothing.

    :param pace: says when to pause; the caller stops it.
    :param reading: calls what reads from a disk: see :class:`DiskThread`.
    :ivar is_streaming: whether anything is left to send.
    :ivar meter: measures what is sent.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        connection: Connection,
        supplier: Supplier,
        pace: TransferPace,
        reading: Offload,
    ) -> None:
        self.meter = Meter()
        self._clock = clock
        self._connection = connection
        self._supplier = supplier
        self._pace = pace
        self._reading = reading
        self._span: Span | None = None
        self.is_streaming = False
        # Whether the transport has asked for more during a pause.
        self._is_asked = False
        self._asked_at = clock.seconds()
        self._piece_size = _LEAST_BYTES
        # The rest of a section of bytes that could not be sent at once.
        self._rest = memoryview(b"")
        # The last source that was not at hand by its own account, and whether it is in memory.
        self._streaming, self._waiting = Stopwatch(), Stopwatch()
        self._asked_about: Source | None = None
        self._is_in_memory = False

    def start(self) -> None:
        """Start sending what the supplier has, unless that is running."""
        if not self.is_streaming:
            self.is_streaming = True
            self._streaming.begin(self._clock.seconds())
            self._connection.output.start_stream(self)

    def resumeProducing(self) -> None:
        """Send the next piece, as the last one has been sent."""
        self._is_asked = self._pace.is_paused
        if self._is_asked or not self._connection.is_open:
            return
        self._connection.set_deadline(limits.STALL_SECONDS)
        if self._span is not None:
            self._guard(partial(self._send_from, self._span))
        elif self._rest:
            self._send_rest()
        else:
            self._guard(self._send_next)

    def _guard(self, send: Callable[[], None]) -> None:
        try:
            send()
        except (SourceChanged, NotKnownYet) as fault:
            self._end()
            # A span whose line was not sent has not begun.
            self._supplier.broken(fault, is_between=self._span is None or bool(self._span.line))

    def times(self, now: float) -> SendTimes:
        """Return how the time went by so far."""
        streaming, reading = self._streaming.seconds(now), self._waiting.seconds(now)
        return SendTimes(streaming, self._pace.paused_seconds, reading)

    def stopProducing(self) -> None:
        """Ignore it: the session hears of the loss of the connection."""

    def _send_next(self) -> None:
        section = self._supplier.next_section()
        if section is None:
            self._end()
        elif isinstance(section, Span):
            self._send_from(section)
        else:
            self._rest = memoryview(section)
            self._send_rest()

    def _send_rest(self) -> None:
        piece = bytes(self._rest[: self._pace.allowance])
        self._rest = self._rest[len(piece) :]
        self._connection.output.write(piece)
        self._moved(len(piece))

    def _send_from(self, span: Span) -> None:
        self._span = span
        length = min(self._piece_bytes(), span.length, self._pace.allowance)
        fd = span.source.fd
        if fd is not None and not self._is_at_hand(span, fd, length):
            # On another machine's disk, or on one that has to be waited for.
            self._waiting.begin(self._clock.seconds())
            reading = self._reading(bring_to_hand, os.dup(fd), span.offset, length)
            reading.addCallback(lambda could_be_read: self._read(span, length, could_be_read))
            background(self.log, "reading what is sent next", reading)
            return
        self._send_piece(span, length)

    def _is_at_hand(self, span: Span, fd: int, length: int) -> bool:
        """Return whether the next bytes need not be waited for."""
        is_known = self._asked_about is span.source
        if (is_known and self._is_in_memory) or is_at_hand(fd, span.offset, length):
            return True
        if not is_known:
            self._asked_about, self._is_in_memory = span.source, is_in_memory(fd)
        return self._is_in_memory

    def _read(self, span: Span, length: int, could_be_read: bool) -> None:
        self._waiting.end(self._clock.seconds())
        if self._span is span and self._connection.is_open:
            self._guard(partial(self._send_what_was_read, span, length, could_be_read))

    def _send_what_was_read(self, span: Span, length: int, could_be_read: bool) -> None:
        if not could_be_read:
            raise unreadable(span.source)
        self._send_piece(span, length)

    def _send_piece(self, span: Span, length: int) -> None:
        if span.line:
            # While the other side can still be told; and not before the disk has answered.
            span.source.check()
        sent = self._connection.output.write_from(span.source, span.offset, length, span.line)
        rest = span.length - sent
        self._span = Span(span.source, span.offset + sent, rest) if rest else None
        self._moved(len(span.line) + sent)

    def _moved(self, count: int) -> None:
        self.meter.moved(count, self._clock.seconds())
        self._pace.moved(count, self._go_on)

    def _go_on(self) -> None:
        """Send what the transport asked for during a pause, if it has asked."""
        if self._is_asked:
            self.resumeProducing()

    def _piece_bytes(self) -> int:
        """Double the size of pieces while they are sent fast; large ones might be too late."""
        now = self._clock.seconds()
        took, self._asked_at = now - self._asked_at, now
        larger = min(2 * self._piece_size, _MOST_BYTES)
        self._piece_size = _LEAST_BYTES if took > _SLOW_SECONDS else larger
        return self._piece_size

    def _end(self) -> None:
        self.is_streaming = False
        self._streaming.end(self._clock.seconds())
        self._connection.output.end_stream()
