"""Raw bytes between lines: where they go, and how they get there without a detour."""

import socket
from collections.abc import Callable
from typing import Any, Final, Protocol

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor, ISystemHandle
from twisted.python.failure import Failure
from zope.interface import implementer

RawSink = Callable[[bytes], None]
"""Is given raw bytes as they come, in pieces of any size."""

_BEHIND_MOST_BYTES: Final = 128


class Section(Protocol):
    """
    Raw bytes that a line has announced.

    :ivar left: how many of them have not come yet.
    """

    left: int

    def take(self, piece: bytes) -> None:
        """Handle the next ones, no more than are left."""


class Pieces:
    """
    A section that is handed on as it comes.

    :param sink: is given the pieces; ``None`` drops them.
    """

    def __init__(self, length: int, sink: RawSink | None = None) -> None:
        self.left = length
        self._sink = sink

    def take(self, piece: bytes) -> None:
        """Hand a piece on."""
        self.left -= len(piece)
        if self._sink is not None:
            self._sink(piece)


class Block:
    """
    A section that fills a buffer.

    :param moved: is told how many bytes have come, each time that some have.
    :param done: is called when the buffer is full.
    """

    def __init__(
        self, buffer: memoryview, moved: Callable[[int], None], done: Callable[[], None]
    ) -> None:
        self.left = len(buffer)
        self._buffer = buffer
        self._moved = moved
        self._done = done

    @property
    def room(self) -> memoryview:
        """Where the next bytes belong."""
        return self._buffer[len(self._buffer) - self.left :]

    def take(self, piece: bytes) -> None:
        """Copy a piece to where it belongs."""
        self.room[: len(piece)] = piece
        self.filled(len(piece))

    def filled(self, count: int) -> None:
        """Count bytes that were put where there was room."""
        self.left -= count
        self._moved(count)
        if not self.left:
            self._done()


@implementer(IReadDescriptor)
class BlockReader:
    """
    Reads a plain TCP connection in its transport's place: blocks, and the lines between them.

    It has a descriptor of its own, since reactors tell readers apart by their numbers.
    The connection stays open as long as that descriptor does, even when the transport
    closes: end the reader before. Once ended it never reads again.

    :param handle: the transport's socket; the transport must not read meanwhile.
    :param room: returns where bytes belong, which is nowhere between blocks, and how many to
        read behind them: the next block's line, and best nothing of that block.
    :param took: is told how many were put there, and given what came behind them.
    :param failed: is called when nothing can be read; the transport will see why.
    :raises OSError: when too many files are open.
    """

    def __init__(
        self,
        reactor: IReactorFDSet,
        handle: socket.socket,
        room: Callable[[], tuple[memoryview, int]],
        took: Callable[[int, bytes], None],
        failed: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._socket = handle.dup()
        self._room = room
        self._took = took
        self._failed = failed
        self._behind = memoryview(bytearray(_BEHIND_MOST_BYTES))
        reactor.addReader(self)

    def end(self) -> None:
        """Stop reading and close the descriptor; twice does no harm."""
        if self.fileno() >= 0:
            self._reactor.removeReader(self)
            self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor's number; -1 once ended."""
        return self._socket.fileno()

    def logPrefix(self) -> str:  # noqa: N802
        """Return its name for Twisted's log."""
        return "block"

    def doRead(self) -> None:  # noqa: N802
        """Read what there is, as far as it fits."""
        if self._read_some() and self.fileno() >= 0:
            # Only a line: the first of its block has mostly come with it.
            self._read_some()

    def _read_some(self) -> bool:
        """Read once; return whether only bytes behind a block came."""
        room, behind = self._room()
        try:
            count = self._socket.recvmsg_into((room, self._behind[:behind]))[0]
        except BlockingIOError:
            return False
        except OSError:
            count = 0
        if not count:
            self._failed()
        elif count <= len(room):
            self._took(count, b"")
        else:
            self._took(len(room), bytes(self._behind[: count - len(room)]))
        return count > 0 and not room

    def connectionLost(self, reason: Failure) -> None:
        """Hand over to the transport: the reactor has found the connection broken."""
        if self.fileno() >= 0:
            self._failed()


def plain_socket(transport: Any) -> socket.socket | None:
    """Return the socket that a transport's bytes go through as they are; TLS has none."""
    if ISystemHandle.providedBy(transport):
        handle = transport.getHandle()
        if isinstance(handle, socket.socket):
            return handle
    return None


def socket_below(transport: Any) -> socket.socket | None:
    """Return the socket that a transport's bytes go through in the end, encrypted or not."""
    return plain_socket(getattr(transport, "transport", None) or transport)
