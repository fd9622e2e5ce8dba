"""Accept connections, within bounds that leave room for honest strangers."""

from collections import Counter
from collections.abc import Callable

from attrs import frozen
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory
from typing_extensions import override

from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import Hello
from p2p_twisted.wire.names import is_loopback
from p2p_twisted.wire.session import Session

SessionMaker = Callable[[Connection], Session]
"""Makes the first session of a connection that was accepted."""


@frozen
class Bounds:
    """
    How many connections a listener holds.

    :ivar total: of all kinds; above it the newcomer is closed.
    :ivar silent: that have not sent a message yet; above it the oldest is closed.
    :ivar per_host: from one address; loopback is not counted.
    """

    total: int = limits.CONNECTIONS
    silent: int = limits.CONNECTIONS_BEFORE_FIRST_LINE
    per_host: int = limits.CONNECTIONS_PER_HOST


class Listener(Factory):
    """
    Greet whoever connects, and start a session for it.

    :param greeting: who answers here.
    :param make_session: is called once per accepted connection.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        greeting: Hello,
        make_session: SessionMaker,
        bounds: Bounds = Bounds(),
    ) -> None:
        self._clock = clock
        self._greeting = greeting
        self._make_session = make_session
        self._bounds = bounds
        # In the order in which they came, so that the first is the oldest.
        self._open: dict[Connection, str] = {}
        self._hosts: Counter[str] = Counter()

    @override
    def buildProtocol(self, addr: IAddress | None) -> Connection | None:
        host = str(getattr(addr, "host", ""))
        if not self._has_room_for(host):
            return None
        connection = Connection(self._clock, self._greeting)
        connection.session = self._make_session(connection)
        connection.ended = self._forget
        self._open[connection] = host
        self._hosts[host] += 1
        return connection

    def close_all(self) -> None:
        """Close every connection that was accepted here."""
        for connection in list(self._open):
            connection.close()

    def _has_room_for(self, host: str) -> bool:
        silent = [connection for connection in self._open if not connection.has_talked]
        if len(silent) >= self._bounds.silent:
            silent[0].abort()
        if len(self._open) >= self._bounds.total:
            return False
        return is_loopback(host) or self._hosts[host] < self._bounds.per_host

    def _forget(self, connection: Connection) -> None:
        host = self._open.pop(connection)
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
