"""Two connections that are joined: what comes on each is what the other end of the other hears."""

import socket
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IReactorFDSet, IReactorTime

from p2p_twisted.relay.copying import Copier, TransportCopier
from p2p_twisted.relay.splicing import CAN_SPLICE, SplicingCopier
from p2p_twisted.relay.succession import take_over
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.wire import limits
from p2p_twisted.wire.blocks import plain_socket
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.pace import Pace

_FLOOR_BYTES: Final = int(limits.FLOOR_BYTES_PER_SECOND * limits.STALL_SECONDS)


class Joint:
    """
    Joins two connections, until both have ended, one is lost, or next to nothing comes for 30 s.

    :param reactor: where it knows other readers than transports, the kernel copies.
    :param new_pace: makes the pace of one direction.
    :param moved: is told how many bytes were copied.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        legs: tuple[Connection, Connection],
        new_pace: Callable[[], Pace],
        moved: Callable[[int], None],
    ) -> None:
        self._legs = legs
        self._told = moved
        self._moved_since = 0
        self._ends = 0
        self._idle = Alarm(reactor, self._look)
        self._idle.set(limits.STALL_SECONDS)
        a, b = legs
        self._transports = take_over(a), take_over(b)
        paces = new_pace(), new_pace()
        self._copier = self._spliced(reactor, paces) or self._copied(paces)

    def end(self) -> None:
        """End both connections at once; twice does no harm."""
        self._stop()
        for leg in self._legs:
            leg.abort()

    def lost(self) -> None:
        """Handle that one of the connections is lost: the other one ends, too."""
        self._close()

    def _spliced(self, reactor: IReactorTime, paces: tuple[Pace, Pace]) -> Copier | None:
        """Have the kernel copy; return nothing where it cannot."""
        readers = IReactorFDSet(reactor, None)
        handles = [handle for each in self._transports if (handle := plain_socket(each))]
        if readers is None or len(handles) < 2 or not CAN_SPLICE:
            return None
        for transport in self._transports:
            transport.pauseProducing()
        try:
            return SplicingCopier(
                reactor,
                _both(handles),
                paces,
                moved=self._moved,
                ended=self._ended,
                broke=self.end,
            )
        except OSError:
            # Too many files are open: the long way needs no others.
            return None

    def _copied(self, paces: tuple[Pace, Pace]) -> Copier:
        return TransportCopier(self._transports, paces, self._moved, self._ended)

    def _moved(self, count: int) -> None:
        self._moved_since += count
        self._told(count)

    def _ended(self) -> None:
        self._ends += 1
        if self._ends == 2:
            self._close()

    def _look(self) -> None:
        if self._moved_since < _FLOOR_BYTES:
            self.end()
        else:
            self._moved_since = 0
            self._idle.set(limits.STALL_SECONDS)

    def _stop(self) -> None:
        self._idle.stop()
        self._copier.end()

    def _close(self) -> None:
        """End both connections once all that was written has left, or in 5 s at the latest."""
        self._stop()
        for leg, transport in zip(self._legs, self._transports, strict=True):
            leg.set_deadline(limits.CLOSE_SECONDS)
            transport.loseConnection()


def _both(handles: list[socket.socket]) -> tuple[socket.socket, socket.socket]:
    first, second = handles
    return first, second
