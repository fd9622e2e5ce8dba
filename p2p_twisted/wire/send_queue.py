"""What is on its way out of a connection: written at once, or queued within bounds."""

import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Final

from twisted.internet.interfaces import (
    IConsumer,
    IPullProducer,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from zope.interface import implementer

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.wire import limits
from p2p_twisted.wire.blocks import plain_socket
from p2p_twisted.wire.source import Source

# Of Linux: what is sent is held back for what follows it at once.
_MORE: Final = getattr(socket, "MSG_MORE", 0)
_ENOUGH_BYTES: Final = int(limits.FLOOR_BYTES_PER_SECOND * limits.STALL_SECONDS)


class IStream(ITCPTransport, IConsumer, IPushProducer):
    """
    A TCP transport: what Twisted's are, and no one interface of its says.

    :ivar bufferSize: the most that one read takes, in bytes.
    :ivar SEND_LIMIT: the most that one write sends, in bytes.
    """

    bufferSize: int  # noqa: N815
    SEND_LIMIT: int

    def startWriting() -> None:  # noqa: N802
        """Ask the producer for more as soon as it can send: sockets only."""


@implementer(IPushProducer)
class SendQueue:
    """
    The output of one connection, as the push producer of its transport.

    While the transport's buffer is full, and while another producer has the
    transport, what is written waits here: at most 1 MiB of it, and sheddable
    lines only up to half of that.

    :param give_up: is told why, when the other side does not read: the queue is
        full, or the transport's buffer has not emptied for 10 s.
    """

    def __init__(self, clock: IReactorTime, give_up: Callable[[str], None]) -> None:
        self._give_up = give_up
        self._transport: IStream
        # Set where the kernel can send files by itself.
        self._socket: socket.socket | None = None
        self._unread = 0
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._is_full = False
        self._is_lent = False
        self._blocked = Alarm(clock, self._blocked_for_long)

    @property
    def is_lent(self) -> bool:
        """Whether another producer has the transport."""
        return self._is_lent

    def attach(self, transport: IStream) -> None:
        """Write to this transport from now on."""
        self._transport = transport
        if hasattr(os, "sendfile"):
            self._socket = plain_socket(transport)
        transport.registerProducer(self, True)

    def write(self, line: bytes, sheddable: bool = False) -> bool:
        """
        Write, now or as soon as the transport takes it.

        :returns: whether it was written or queued.
        """
        if not (self._is_full or self._is_lent):
            self._transport.write(line)
            return True
        if sheddable and self._queued_bytes + len(line) > limits.QUEUE_BYTES // 2:
            return False
        if self._queued_bytes + len(line) > limits.QUEUE_BYTES:
            self._give_up("its queue is full")
            return False
        self._queue.append(line)
        self._queued_bytes += len(line)
        return True

    def lend(self, producer: IPullProducer) -> None:
        """Give the transport to another producer, behind all that was written so far."""
        self.finish()
        self._is_lent = True
        # Twisted would send 128 KiB at a time, at half the speed.
        self._transport.SEND_LIMIT = limits.MIB
        self._transport.registerProducer(producer, False)

    def write_from(self, source: Source, offset: int, length: int, line: bytes = b"") -> int:
        """
        Write some of a source's bytes for the producer that has the transport.

        :param line: goes before them, with the first of them in one packet where it can.
        :returns: how many of the source's; 0 where the socket takes none now.
        :raises SourceChanged: when they are not what they were.
        """
        if line and not self._write_before(line):
            return 0
        if self._socket is not None:
            sent = _send_file(self._socket, source, offset, length)
            if sent is not None:
                self._transport.startWriting()
                self._unread = _unread(self._socket)
                return sent
        piece = source.read(offset, length)
        self._transport.write(piece)
        return len(piece)

    def _write_before(self, line: bytes) -> bool:
        """Write a line; tell whether what is sent past the transport now will come behind it."""
        if self._socket is None:
            self._transport.write(line)
            return True
        try:
            sent = self._socket.send(line, _MORE)
        except OSError:
            # To write to the transport will tell what is wrong, if anything is.
            sent = 0
        if sent < len(line):
            self._transport.write(line[sent:])
        return sent == len(line)

    def is_being_read(self) -> bool:
        """
        Tell whether the other side reads what :meth:`write_from` sent.

        The system takes megabytes at once, and on a slow link nothing more for long.

        :returns: whether it has read enough, or the rest, since this was asked last or
            something was sent.
        """
        if self._socket is None:
            return False
        before, self._unread = self._unread, _unread(self._socket)
        return before - self._unread >= min(_ENOUGH_BYTES, max(1, before))

    def take_back(self) -> None:
        """Take the transport back from another producer."""
        self._is_lent = False
        self._transport.unregisterProducer()
        self._transport.registerProducer(self, True)
        self.resumeProducing()

    def finish(self) -> None:
        """Hand all that waits to the transport, full or not: it is bounded."""
        self._transport.unregisterProducer()
        self._unblock()
        self._write_queue()

    def discard(self) -> None:
        """Forget all that waits: the transport is gone."""
        self._unblock()
        self._queue.clear()
        self._queued_bytes = 0

    def pauseProducing(self) -> None:
        """Queue what is written from now on: the transport's buffer is full."""
        self._is_full = True
        if not self._blocked.is_set:
            self._blocked.set(limits.BLOCKED_SECONDS)

    def resumeProducing(self) -> None:
        """Write what was queued, as far as the transport takes it."""
        self._unblock()
        self._write_queue()

    def stopProducing(self) -> None:
        """Do nothing: the loss of the connection is told separately."""

    def _write_queue(self) -> None:
        while self._queue and not self._is_full:
            line = self._queue.popleft()
            self._queued_bytes -= len(line)
            self._transport.write(line)

    def _unblock(self) -> None:
        self._is_full = False
        self._blocked.stop()

    def _blocked_for_long(self) -> None:
        self._give_up(f"it has not read for {limits.BLOCKED_SECONDS:.0f} s")


def _unread(to: socket.socket) -> int:
    """Ask the system how many bytes the other side has not acknowledged yet."""
    try:
        count: int = struct.unpack("i", ioctl(to.fileno(), TIOCOUTQ, bytes(4)))[0]
    except OSError:
        return 0
    return count


def _send_file(to: socket.socket, source: Source, offset: int, length: int) -> int | None:
    """
    Have the kernel send from a file into a socket.

    :returns: how many bytes; ``None`` when it does not, for whatever reason.
    """
    if source.fd is None:
        return None
    # Before: behind the last byte of a chunk it would be too late to notice.
    source.check()
    try:
        return os.sendfile(to.fileno(), source.fd, offset, length) or None
    except BlockingIOError:
        return 0
    except OSError:
        # To read the file, or to write to the transport, will tell which of them it was.
        return None
