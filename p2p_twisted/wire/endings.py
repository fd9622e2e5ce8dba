"""End connections that have nothing left to send."""

from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger

from p2p_twisted.wire.tcp_stream import IStream


class Endings:
    """
    Ends transports in the reactor's next turn.

    One timer does for all that end in it: to a busy registry, those of very many would cost more.

    :param clock: the reactor.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._transports: dict[IStream, None] = {}

    def add(self, transport: IStream) -> None:
        """End a transport, unless it is given to :meth:`discard` before."""
        if not self._transports:
            self._clock.callLater(0, self._end_all)
        self._transports[transport] = None

    def discard(self, transport: IStream) -> None:
        """Leave it to others to end a transport; one that has ended does no harm."""
        self._transports.pop(transport, None)

    def _end_all(self) -> None:
        while self._transports:
            transport, _ = self._transports.popitem()
            try:
                transport.connectionLost(connectionDone)
            except Exception:
                self.log.failure("while a connection ended")
