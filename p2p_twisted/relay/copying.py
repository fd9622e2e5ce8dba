"""Copy what comes on one connection to another by their transports: the portable way."""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol as TwistedProtocol
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.relay.succession import succeed
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.pace import Pace
from p2p_twisted.wire.tcp_stream import IStream


class Copier(Protocol):
    """Copies between two connections, both ways, until it is ended."""

    def end(self) -> None:
        """Copy no more; twice does no harm."""


@implementer(IHalfCloseableProtocol, IPushProducer)
class _Copied(TwistedProtocol):
    """
    Writes what comes on one transport to another, and has it read no faster than that takes it.

    :param moved: is told how many bytes have come.
    :param ended: is called when no more will.
    """

    def __init__(
        self,
        source: IStream,
        target: IStream,
        pace: Pace,
        moved: Callable[[int], None],
        ended: Callable[[], None],
    ) -> None:
        self._source = source
        self._target = target
        self._pace = pace
        self._moved = moved
        self._ended = ended
        self._is_full = False
        self._has_ended = False

    @override
    def dataReceived(self, data: bytes) -> None:
        self._target.write(data)
        self._pace.moved(len(data), self._fit)
        self._fit()
        self._moved(len(data))

    def readConnectionLost(self) -> None:
        """Let the other end know that no more comes."""
        self._has_ended = True
        self._target.loseWriteConnection()
        self._ended()

    def writeConnectionLost(self) -> None:
        """Ignore it: the other end has said so itself."""

    def pauseProducing(self) -> None:
        """Read nothing: the other end takes nothing."""
        self._is_full = True
        self._fit()

    def resumeProducing(self) -> None:
        """Read again."""
        self._is_full = False
        self._fit()

    def stopProducing(self) -> None:
        """Ignore it: the loss of a connection is told separately."""

    def end(self) -> None:
        """Read nothing any more."""
        self._has_ended = True
        self._pace.stop()
        self._target.unregisterProducer()

    def _fit(self) -> None:
        if self._has_ended:
            return
        if self._is_full or self._pace.is_paused:
            self._source.pauseProducing()
        else:
            self._source.bufferSize = min(MIB, self._pace.allowance)
            self._source.resumeProducing()


class TransportCopier:
    """
    Copies between two transports that were taken over.

    :param paces: of what comes on each.
    :param moved: is told how many bytes have come on either.
    :param ended: is called for each on which no more will come.
    """

    def __init__(
        self,
        transports: tuple[IStream, IStream],
        paces: tuple[Pace, Pace],
        moved: Callable[[int], None],
        ended: Callable[[], None],
    ) -> None:
        a, b = transports
        self._ways = (
            _Copied(a, b, paces[0], moved, ended),
            _Copied(b, a, paces[1], moved, ended),
        )
        for source, target, way in zip((a, b), (b, a), self._ways, strict=True):
            target.registerProducer(way, True)
            succeed(source, way)
            source.resumeProducing()

    def end(self) -> None:
        """Copy no more; twice does no harm."""
        for way in self._ways:
            way.end()
