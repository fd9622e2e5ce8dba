"""What is on its way out of a connection: written at once, or queued within bounds."""

import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IPullProducer, IPushProducer, IReactorTime
from zope.interface import implementer

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.wire import limits
from p2p_twisted.wire.blocks import socket_below
from p2p_twisted.wire.endings import Endings
from p2p_twisted.wire.sealing import SEALED_BYTES, ISealing, below
from p2p_twisted.wire.sending import acknowledged, send_file, send_now, unread
from p2p_twisted.wire.source import Source
from p2p_twisted.wire.tcp_stream import IStream

# Of Linux: what is sent is held back for what follows it at once.
_MORE: Final = getattr(socket, "MSG_MORE", 0)
_ENOUGH_BYTES: Final = int(limits.FLOOR_BYTES_PER_SECOND * limits.STALL_SECONDS)
# A greeting, and the answer to it.
_FIRST_LINES: Final = 2
_SENDS_FILES: Final = hasattr(os, "sendfile")


@implementer(IPushProducer)
class SendQueue:
    """
    The output of one connection, as the push producer of its transport.

    While the transport's buffer is full, and while another producer has the
    transport, what is written waits here: at most 1 MiB of it, and sheddable
    lines only up to half of that.

    :param give_up: is told why, when the other side does not read: the queue is
        full, or the transport's buffer has not emptied for 10 s.
    :ivar lines_at_once: how many more lines are each written at once where nothing waits before
        them, which saves the reactor a turn. Others may leave together with those behind them.
    """

    # Each connection has one.
    __slots__ = (
        "_acknowledged",
        "_blocked",
        "_clock",
        "_endings",
        "_give_up",
        "_has_finished",
        "_has_written",
        "_is_full",
        "_is_open",
        "_is_streaming",
        "_queue",
        "_queued_bytes",
        "_sealing",
        "_socket",
        "_transport",
        "_unread",
        "lines_at_once",
    )

    def __init__(
        self, clock: IReactorTime, give_up: Callable[[str], None], endings: Endings
    ) -> None:
        self._clock = clock
        self._give_up = give_up
        self._transport: IStream
        # Set where the kernel can send files by itself.
        self._socket: socket.socket | None = None
        # Set where all is encrypted.
        self._sealing: ISealing | None = None
        self._unread = 0
        self._acknowledged = 0
        # None while nothing waits: thousands of connections never have anything that does.
        self._queue: deque[bytes] | None = None
        self._queued_bytes = 0
        # Whether anything was given to the transport, which may not have sent it yet.
        self._has_written = False
        self.lines_at_once: float = _FIRST_LINES
        self._is_open = False
        self._is_full = False
        self._is_streaming = False
        # None until the transport is full for the first time.
        self._blocked: Alarm | None = None
        self._endings = endings
        self._has_finished = False

    @property
    def is_streaming(self) -> bool:
        """Whether another producer has the transport."""
        return self._is_streaming

    def attach(self, transport: IStream, plain: socket.socket | None) -> None:
        """
        Write to this transport from now on.

        :param plain: the socket that its bytes go through as they are, if any.
        """
        self._transport = transport
        self._is_open = True
        if plain is None:
            self._sealing = ISealing(transport, None)
        elif _SENDS_FILES:
            self._socket = plain
        transport.registerProducer(self, True)

    def send(self, line: bytes, sheddable: bool = False) -> bool:
        """
        Write a line, now or as soon as the transport takes it.

        :returns: whether it was written or queued.
        """
        if self.lines_at_once and not (self._has_written or self._is_streaming):
            self.lines_at_once -= 1
            self._write_now(line)
            return True
        if not (self._is_full or self._is_streaming):
            self._hand_on(line)
            return True
        if sheddable and self._queued_bytes + len(line) > limits.QUEUE_BYTES // 2:
            return False
        if self._queued_bytes + len(line) > limits.QUEUE_BYTES:
            self._give_up("its queue is full")
            return False
        if self._queue is None:
            self._queue = deque()
        self._queue.append(line)
        self._queued_bytes += len(line)
        return True

    def start_stream(self, producer: IPullProducer) -> None:
        """
        Give the transport to another producer, behind all that was sent so far.

        What is sent meanwhile waits behind the stream. Nothing here watches how it gets
        on: the session sets a deadline. Where the connection is closed, the producer is
        stopped.
        """
        if not self._is_open:
            producer.stopProducing()
            return
        self._write_all()
        self._is_streaming = True
        # Twisted would send 128 KiB at a time, at half the speed.
        below(self._transport).SEND_LIMIT = limits.MIB
        # Encryption would have it write ever more, until it is told not to.
        below(self._transport).registerProducer(producer, False)

    def write(self, piece: bytes) -> None:
        """Write for the producer that has the transport."""
        if self._is_open and self._sealing is not None:
            self._write_sealed(self._sealing, piece)
        elif self._is_open:
            self._hand_on(piece)

    def write_from(self, source: Source, offset: int, length: int, line: bytes = b"") -> int:
        """
        Write some of a source's bytes for the producer that has the transport.

        Only when the transport has asked for more: they may go past what it has.

        :param line: goes before them, with the first of them in one packet where it can.
        :returns: how many of the source's; 0 where the socket takes none now, and asks
            again later.
        :raises SourceChanged: when they are not what they were.
        """
        if self._is_open and self._sealing is not None:
            piece = source.read(offset, min(length, SEALED_BYTES))
            self._write_sealed(self._sealing, line + piece)
            return len(piece)
        # It has asked for more, so nothing waits there.
        self._has_written = False
        if not self._is_open or (line and not self._write_now(line, _MORE) and self._socket):
            return 0
        if self._socket is not None:
            sent = send_file(self._socket, source, offset, length)
            if sent is not None:
                self._transport.startWriting()
                self._unread = unread(self._socket)
                return sent
        piece = source.read(offset, length)
        self._hand_on(piece)
        return len(piece)

    def end_stream(self) -> None:
        """Take the transport back from the other producer."""
        if self._is_open:
            self._is_streaming = False
            below(self._transport).unregisterProducer()
            self._transport.registerProducer(self, True)
            self.resumeProducing()

    def is_being_read(self) -> bool:
        """
        Return whether the other side reads what :meth:`write_from` sent.

        The system takes megabytes at once, and on a slow link nothing more for long. Each
        call begins to count anew.

        :returns: whether it has read enough, or the rest, since the last call or since
            something was sent.
        """
        if self._socket is None:
            # What is encrypted is sent, and refilled, behind our back.
            known, self._acknowledged = (
                self._acknowledged,
                acknowledged(socket_below(self._transport)),
            )
            return self._acknowledged - known >= _ENOUGH_BYTES
        before, self._unread = self._unread, unread(self._socket)
        return before - self._unread >= min(_ENOUGH_BYTES, max(1, before))

    def close(self) -> None:
        """Hand everything that waits to the transport, full or not: it is bounded."""
        self._is_open = False
        self._write_all()

    def finish(self) -> None:
        """Hand everything that waits to the transport, and end the connection once all has left."""
        self.close()
        if self._socket is None or self._has_written:
            self._transport.loseConnection()
            return
        # The transport has nothing to send, and would need a turn of the reactor to find that out.
        self._transport.stopReading()
        self._has_finished = True
        self._endings.add(self._transport)

    def discard(self) -> None:
        """Forget everything that waits: the transport is gone, or about to be."""
        self._is_open = False
        self._unblock()
        self._queue = None
        self._queued_bytes = 0
        if self._has_finished:
            self._endings.discard(self._transport)
        # It leads back to the connection, which leads here.
        self._give_up = _ignore

    def pauseProducing(self) -> None:
        """Queue what is written from now on: the transport's buffer is full."""
        self._is_full = True
        self._blocked = self._blocked or Alarm(self._clock, self._blocked_for_long)
        if not self._blocked.is_set:
            self._blocked.set(limits.BLOCKED_SECONDS)

    def resumeProducing(self) -> None:
        """Write what was queued, as far as the transport takes it."""
        self._unblock()
        self._write_queue()

    def stopProducing(self) -> None:
        """Ignore it: the loss of the connection is told separately."""

    def _write_sealed(self, sealing: ISealing, piece: bytes) -> None:
        """Write past what would encrypt it in small pieces, but never past what was encrypted."""
        if sealed := sealing.seal(piece):
            below(self._transport).write(sealed)
        else:
            self._give_up("it has ended")

    def _write_now(self, line: bytes, flags: int = 0) -> bool:
        """Write a line past the transport, and the rest to it; return whether there is none."""
        sent = send_now(self._socket, line, flags)
        if sent < len(line):
            self._hand_on(line[sent:])
        return sent == len(line)

    def _write_all(self) -> None:
        self._transport.unregisterProducer()
        self._unblock()
        self._write_queue()

    def _write_queue(self) -> None:
        while self._queue and not self._is_full:
            line = self._queue.popleft()
            self._queued_bytes -= len(line)
            self._hand_on(line)

    def _hand_on(self, piece: bytes) -> None:
        """Write to the transport, which may keep it a while."""
        self._has_written = True
        self._transport.write(piece)

    def _unblock(self) -> None:
        self._is_full = False
        if self._blocked is not None:
            self._blocked.stop()

    def _blocked_for_long(self) -> None:
        self._give_up(f"it has not read for {limits.BLOCKED_SECONDS:.0f} s")


def _ignore(_why: str) -> None:
    """Stand for who does not need to be told any more."""
