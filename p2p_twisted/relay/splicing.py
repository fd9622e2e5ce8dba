"""Have the kernel copy what comes on one socket to another, through a pipe: Linux's way."""

import fcntl
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from twisted.internet.interfaces import IReactorFDSet, IReadWriteDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.relay import limits
from p2p_twisted.wire.pace import Pace

CAN_SPLICE: Final = hasattr(os, "splice") and hasattr(fcntl, "F_SETPIPE_SZ")


class _Pipe:
    """
    What has come on one socket, and has not left on the other.

    :ivar held: how many bytes that is.
    :raises OSError: when too many files are open.
    """

    def __init__(self) -> None:
        self.held = 0
        self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        # Who has many already has to do with what a pipe has by default.
        with suppress(OSError):
            fcntl.fcntl(self._in, fcntl.F_SETPIPE_SZ, limits.PIPE_BYTES)

    def fill(self, source: int, most: int) -> int:
        """
        Take what a socket has to give.

        :returns: how many bytes; 0 where no more will come.
        :raises BlockingIOError: when there is nothing now.
        :raises OSError: when the connection is lost.
        """
        count = os.splice(source, self._in, most, flags=os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE)
        self.held += count
        return count

    def drain(self, target: int) -> None:
        """
        Give a socket as much as it takes.

        :raises OSError: when the connection is lost.
        """
        with suppress(BlockingIOError):
            while self.held:
                flags = os.SPLICE_F_NONBLOCK | os.SPLICE_F_MOVE
                self.held -= os.splice(self._out, target, self.held, flags=flags)

    def close(self) -> None:
        """Drop what is left."""
        os.close(self._out)
        os.close(self._in)


@implementer(IReadWriteDescriptor)
class _SplicedEnd:
    """
    One of two sockets. What can be read here goes into its pipe, and on to the other.

    It has a descriptor of its own, since reactors tell readers apart by their numbers.

    :param copier: is told what was copied, and of the end.
    """

    def __init__(
        self,
        reactor: IReactorFDSet,
        handle: socket.socket,
        pace: Pace,
        copier: "SplicingCopier",
    ) -> None:
        self._reactor = reactor
        self._pace = pace
        self._copier = copier
        self._socket = handle.dup()
        try:
            self._pipe = _Pipe()
        except OSError:
            self._socket.close()
            raise
        self.other: _SplicedEnd
        self._has_ended = False
        self._is_closed = False

    def end(self) -> None:
        """Copy no more, and close the descriptors; twice does no harm."""
        if not self._is_closed:
            self._is_closed = True
            self._pace.stop()
            self._reactor.removeReader(self)
            self._reactor.removeWriter(self)
            self._socket.close()
            self._pipe.close()

    def fileno(self) -> int:
        """Return the descriptor's number; -1 once ended."""
        return self._socket.fileno()

    def logPrefix(self) -> str:  # noqa: N802
        """Return its name for Twisted's log."""
        return "relay"

    def doRead(self) -> None:  # noqa: N802
        """Take what has come, and pass it on as far as the other end takes it."""
        try:
            count = self._pipe.fill(self.fileno(), min(limits.PIPE_BYTES, self._pace.allowance))
            if not count:
                # Nothing is in the pipe, or this would not be read.
                self.other._socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            return
        except OSError:
            self._copier.broke()
            return
        if count:
            self._pace.moved(count, self.go_on)
            self._pass_on()
            self._copier.moved(count)
        else:
            self._has_ended = True
            self.go_on()
            self._copier.ended()

    def doWrite(self) -> None:  # noqa: N802
        """Pass on what has come at the other end."""
        self.other._pass_on()

    def connectionLost(self, reason: Failure) -> None:
        """End both: the reactor has found the connection broken."""
        self._copier.broke()

    def go_on(self) -> None:
        """Have the reactor watch what can go on."""
        if self._is_closed or self.other._is_closed:
            return
        if self._pipe.held:
            self._reactor.addWriter(self.other)
        else:
            self._reactor.removeWriter(self.other)
        # Not before all has left: a pipe and two sockets hold enough.
        if self._pipe.held or self._has_ended or self._pace.is_paused:
            self._reactor.removeReader(self)
        else:
            self._reactor.addReader(self)

    def _pass_on(self) -> None:
        if self._is_closed:
            return
        try:
            self._pipe.drain(self.other.fileno())
        except OSError:
            self._copier.broke()
        else:
            self.go_on()


class SplicingCopier:
    """
    Copies between two sockets whose transports read and write nothing meanwhile.

    :param paces: of what comes on each.
    :param moved: is told how many bytes have come on either.
    :param ended: is called for each on which no more will come.
    :param broke: is called when a connection was lost.
    :raises OSError: when too many files are open.
    """

    def __init__(
        self,
        reactor: Any,
        handles: tuple[socket.socket, socket.socket],
        paces: tuple[Pace, Pace],
        *,
        moved: Callable[[int], None],
        ended: Callable[[], None],
        broke: Callable[[], None],
    ) -> None:
        self.moved, self.ended, self.broke = moved, ended, broke
        a = _SplicedEnd(reactor, handles[0], paces[0], self)
        try:
            b = _SplicedEnd(reactor, handles[1], paces[1], self)
        except OSError:
            a.end()
            raise
        a.other, b.other = b, a
        self._ends = a, b
        for end in self._ends:
            end.go_on()

    def end(self) -> None:
        """Copy no more; twice does no harm."""
        for end in self._ends:
            end.end()
