"""Accept connections, within bounds that leave room for honest strangers."""

from collections import Counter

from attrs import evolve, frozen
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory
from typing_extensions import override

from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection, SessionMaker
from p2p_twisted.wire.messages import Hello
from p2p_twisted.wire.names import is_loopback, plain_host


@frozen
class Bounds:
    """
    How many connections a listener holds.

    :ivar total: of all kinds; above it a new one is closed.
    :ivar silent: that have not sent a message yet; above it the oldest is closed.
    :ivar per_host: from one address; loopback is not counted.
    """

    total: int = limits.CONNECTIONS
    silent: int = limits.CONNECTIONS_BEFORE_FIRST_LINE
    per_host: int = limits.CONNECTIONS_PER_HOST

    def within(self, open_files: int) -> "Bounds":
        """
        Lower them to what a process may have open, less what it needs for itself.

        Otherwise strangers could use up the descriptors of our own files and connections.

        :param open_files: how many descriptors the process may have.
        """
        room = open_files - min(limits.FILES_RESERVED, open_files // 2)
        return evolve(self, total=min(self.total, room), silent=min(self.silent, room // 2))


class Listener(Factory):
    """
    Greets each peer that connects, and starts a session for it.

    :param greeting: says who answers here.
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
        self._open: dict[Connection, str] = {}
        # Oldest first; some of them may have talked since.
        self._newcomers: dict[Connection, None] = {}
        self._hosts: Counter[str] = Counter()

    @override
    def buildProtocol(self, addr: IAddress | None) -> Connection | None:
        host = plain_host(getattr(addr, "host", ""))
        if not self._has_room_for(host):
            return None
        connection = Connection(self._clock, self._make_session, self._greeting, self._forget)
        self._open[connection] = host
        self._newcomers[connection] = None
        self._hosts[host] += 1
        return connection

    def close_all(self) -> None:
        """Close every connection that was accepted here."""
        for connection in list(self._open):
            connection.close()

    def _has_room_for(self, host: str) -> bool:
        if len(self._open) >= self._bounds.total:
            return False
        # A connection without an address comes from this machine.
        is_remote = bool(host) and not is_loopback(host)
        if is_remote and self._hosts[host] >= self._bounds.per_host:
            return False
        self._drop_oldest_silent()
        return True

    def _drop_oldest_silent(self) -> None:
        # They are looked through only at the bound: a flood must not make each accept slower.
        if len(self._newcomers) >= self._bounds.silent:
            self._newcomers = {
                connection: None
                for connection in self._newcomers
                if connection.is_open and not connection.has_talked
            }
        if len(self._newcomers) >= self._bounds.silent:
            next(iter(self._newcomers)).abort()

    def _forget(self, connection: Connection) -> None:
        host = self._open.pop(connection)
        self._newcomers.pop(connection, None)
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
