"""Hear a multicast group on the reactor, without spending more time on it than a bound."""

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.multicast import GroupSocket, Packet
from p2p_twisted.runtime.token_bucket import TokenBucket

_AT_ONCE: Final = 32
_PAUSE_SECONDS: Final = 0.1


class GroupReader(FileDescriptor):
    """
    Reads packets, a few in each turn of the reactor; the system drops what comes faster.

    Twisted's own UDP port takes up to 256 KiB in a turn, and empty packets as long as any come.

    :param reactor: provides ``IReactorFDSet`` and ``IReactorTime``.
    :param heard: is called with each packet, cut to one byte more than ``most_bytes``.
    """

    def __init__(
        self,
        reactor: Any,
        source: GroupSocket,
        heard: Callable[[Packet], object],
        *,
        most_bytes: int,
        per_second: int,
    ) -> None:
        super().__init__(reactor)
        self._clock: IReactorTime = reactor
        self.source = source
        self._heard = heard
        self._most_bytes = most_bytes
        self._bucket = TokenBucket(per_second, per_second)
        self._going_on = Alarm(reactor, self.startReading)
        self.connected = 1
        self.startReading()

    @override
    def fileno(self) -> int:
        return self.source.fileno()

    def doRead(self) -> None:  # noqa: N802
        """Read some packets; called by the reactor when there are any."""
        for _ in range(min(_AT_ONCE, self._bucket.left(self._clock.seconds()))):
            # One that cannot be read costs time as well.
            self._bucket.spend(1)
            packet = self.source.receive(self._most_bytes)
            if packet is None:
                return
            self._heard(packet)
        if not self._bucket.left(self._clock.seconds()):
            self.stopReading()
            self._going_on.set(_PAUSE_SECONDS)

    def stop(self) -> None:
        """Hear no more."""
        if self.connected:
            self.connectionLost(Failure(OSError("stopped")))

    @override
    def connectionLost(self, reason: Failure) -> None:
        self._going_on.stop()
        super().connectionLost(reason)
        self.source.close()
