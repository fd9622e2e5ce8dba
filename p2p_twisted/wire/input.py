"""Read the raw bytes of a connection: by its transport, or straight into a buffer."""

import socket
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IReactorFDSet, IReactorTime

from p2p_twisted.wire import limits
from p2p_twisted.wire.blocks import (
    Block,
    BlockReader,
    Pieces,
    RawSink,
    Section,
)
from p2p_twisted.wire.pace import Pace
from p2p_twisted.wire.sealing import OPENED_BYTES, ISealing, below
from p2p_twisted.wire.tcp_stream import IStream

_READS_INTO: Final = hasattr(socket.socket, "recvmsg_into")


class Input:
    """
    Reads what comes in on one connection between its lines.

    What the transport reads is given to :meth:`take`. Of a block on a plain TCP
    connection the transport reads no more than comes with its line: the rest is read
    straight into the block's buffer, on reactors that know other readers than transports.

    :param took: is told when so many bytes were read into a block, and given
        what came behind them.
    """

    # Each connection has one.
    __slots__ = (
        "_fitted",
        "_has_ended",
        "_is_held",
        "_is_paused",
        "_line_bytes",
        "_most",
        "_pace",
        "_reactor",
        "_reader",
        "_section",
        "_socket",
        "_took",
        "_transport",
    )

    def __init__(self, reactor: IReactorTime, took: Callable[[int, bytes], None]) -> None:
        self._reactor = reactor
        self._took = took
        self._section: Section = _NOTHING
        self._line_bytes = 0
        self._transport: IStream
        self._socket: socket.socket | None = None
        self._reader: BlockReader | None = None
        self._is_paused = False
        self._is_held = False
        self._has_ended = False
        self._pace: Pace = _UNLIMITED
        # What the transport reads at once.
        self._fitted = 0

    @property
    def left(self) -> int:
        """How many raw bytes are still to come before the next line."""
        return self._section.left

    def attach(self, transport: IStream, plain: socket.socket | None) -> None:
        """
        Begin with a transport that reads lines.

        :param plain: the socket that its bytes go through as they are, if any.
        """
        self._transport = transport
        is_sealed = plain is None and ISealing.providedBy(transport)
        self._most = OPENED_BYTES if is_sealed else limits.MIB
        self._socket = plain if _READS_INTO else None
        self.fit()

    def line_came(self, length: int) -> None:
        """Record a line's length: the next one of its kind is mostly as long."""
        self._section, self._line_bytes = _NOTHING, length

    def expect_raw(self, length: int, sink: RawSink) -> None:
        """
        Read the next bytes as they are, then lines again.

        Called while a message or the last raw byte is being received, for what
        stands behind it.

        :param length: how many bytes; none is fine, and calls nothing.
        :param sink: is given them in pieces; may raise :class:`ProtocolError`.
        """
        self._expect(Pieces(length, sink))

    def skip_raw(self, length: int) -> None:
        """Read over the next bytes, then lines again; called as :meth:`expect_raw` is."""
        self._expect(Pieces(length))

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

    def take(self, received: bytes) -> bytes:
        """Handle raw bytes, and return what came behind the last that were expected."""
        start = 0
        # More may be announced on the way.
        while self.left and start < len(received):
            piece = received[start : start + self.left]
            start += len(piece)
            self._moved(len(piece))
            self._section.take(piece)
        return received[start:]

    def open_block(self, sealing: ISealing, received: bytes) -> bytes:
        """
        Decrypt what has come straight into a block, where one is expected.

        No more is read for a block than it takes: what is not for it is little, if anything.

        :returns: what the transport is to take as if it alone had come.
        """
        section, is_worth_it = self._section, len(received) > limits.LINE_BYTES
        if is_worth_it and isinstance(section, Block) and section.left and not self._is_held:
            count = sealing.open_into(section.room, memoryview(received)[:-1])
            received = received[-1:]
            if count:
                self._took(count, b"")
        return received

    def filled(self, count: int) -> None:
        """Count bytes that have come straight into the block."""
        assert isinstance(self._section, Block)
        self._moved(count)
        self._section.filled(count)

    def pace(self, pace: Pace) -> None:
        """Read raw bytes no faster than a pace allows; it is stopped at the end."""
        self._pace = pace

    def fit(self) -> None:
        """
        Choose what reads what comes next, and in which pieces.

        Raw bytes are read in large pieces, but lines only in small ones: for every
        line LineReceiver copies everything that was read behind it, and thousands of
        short lines in one piece would keep all other connections waiting.
        """
        if self._has_ended or self._is_paused or self._is_held:
            return
        section = self._section
        if isinstance(section, Block) and self._is_worth_a_reader and self._read_straight():
            return
        if self._reader is not None:
            self._hand_back()
        most = min(max(section.left, limits.LINE_BYTES), self._most, self._pace.allowance)
        if most != self._fitted:
            below(self._transport).bufferSize = self._fitted = most

    def hold(self) -> None:
        """Read nothing, as the transport was paused, until :meth:`release`."""
        self._is_held = True
        self._drop_reader()

    def release(self) -> None:
        """Read on, as the transport does again; a pause for the sake of the pace goes on."""
        self._is_held = False
        if self._is_paused and not self._has_ended:
            self._transport.pauseProducing()
        self.fit()

    def end(self) -> None:
        """Read nothing more, before the transport closes or now that it has; again is harmless."""
        if self._has_ended:
            return
        self._has_ended = True
        self._pace.stop()
        self._drop_reader()
        self._socket = None
        # What belongs to a connection may outlive it a while, and buffers are large.
        self._section = _NOTHING
        # It leads back to the connection, which leads here.
        del self._took

    def _expect(self, section: Section) -> None:
        if not self._has_ended:
            self._section = section

    @property
    def _is_worth_a_reader(self) -> bool:
        if self._socket is None:
            return False
        # Once there is a reader, it also reads the line behind the block, and the next block.
        # The transport may read as much as a line at once anyway.
        return self._reader is not None or self.left > limits.LINE_BYTES

    def _moved(self, count: int) -> None:
        """Pause where the pace demands it; what has been read already is still handled."""
        if not self._pace.moved(count, self._go_on):
            self._is_paused = True
            self._drop_reader()
            self._transport.pauseProducing()

    def _go_on(self) -> None:
        self._is_paused = False
        if not self._is_held:
            self._transport.resumeProducing()
            self.fit()

    def _read_straight(self) -> bool:
        """Read in the transport's place; return whether that is possible."""
        if self._reader is not None:
            return True
        assert self._socket is not None
        readers = IReactorFDSet(self._reactor, None)
        if readers is None:
            # It knows no other readers than transports.
            self._socket = None
            return False
        try:
            self._reader = BlockReader(
                readers, self._socket, self._room, self._took, self._hand_back
            )
        except OSError:
            # Too many files are open: the long way needs no other.
            return False
        self._transport.pauseProducing()
        return True

    def _hand_back(self) -> None:
        """Have the transport read again."""
        self._drop_reader()
        self._transport.resumeProducing()

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.end()
            self._reader = None

    def _room(self) -> tuple[memoryview, int]:
        assert isinstance(self._section, Block)
        return self._section.room[: self._pace.allowance], self._line_bytes


class _Unlimited:
    """The pace of a connection that is not limited."""

    is_paused = False
    allowance = limits.MIB

    def moved(self, _count: int, _go_on: Callable[[], None]) -> bool:
        return True

    def stop(self) -> None:
        """Ignore it: nothing waits here."""


_UNLIMITED: Final = _Unlimited()
_NOTHING: Final = Pieces(0)
"""Stands where no raw bytes are expected."""
