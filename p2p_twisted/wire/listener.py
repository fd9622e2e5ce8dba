"""Accept connections, within bounds that leave room for honest strangers."""

from collections import Counter
from random import Random
from typing import Final

from attrs import evolve, frozen
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory
from typing_extensions import override

from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection, SessionMaker
from p2p_twisted.wire.endings import Endings
from p2p_twisted.wire.messages import Hello
from p2p_twisted.wire.names import host_group, is_loopback, plain_host
from p2p_twisted.wire.securing import SecuredConnection, Security, secured

_DROPPED_SHARE: Final = 16


@frozen
class Bounds:
    """
    How many connections a listener holds.

    :ivar total: of all kinds; above it a new one is closed.
    :ivar silent: that have not sent a message yet; above it some of the host with most are closed.
    :ivar per_host: from one host, which of IPv6 is a /64; loopback is not counted.
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
    :param rng: decides which silent connections make room.
    :param security: encrypts all of them; ``None`` in an open network.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        greeting: Hello,
        make_session: SessionMaker,
        bounds: Bounds = Bounds(),
        rng: Random | None = None,
        *,
        security: Security | None = None,
    ) -> None:
        self._clock = clock
        self._security = security
        self._greeting = greeting
        self._make_session = make_session
        self._bounds = bounds
        self._rng = rng or Random()
        # Each with what counts as its host.
        self._open: dict[Connection, str] = {}
        # Some of them may have talked since.
        self._newcomers: dict[Connection, str] = {}
        self._hosts: Counter[str] = Counter()
        # One for all of them.
        self._ended, self._endings = self._forget, Endings(clock)

    @override
    def buildProtocol(self, addr: IAddress | None) -> Connection | SecuredConnection | None:
        # A connection without an address comes from this machine.
        host = plain_host(getattr(addr, "host", ""))
        host = "" if is_loopback(host) else host_group(host)
        if not self._has_room_for(host):
            return None
        connection = Connection(
            self._clock, self._make_session, self._greeting, self._ended, self._endings
        )
        self._open[connection] = host
        self._newcomers[connection] = host
        self._hosts[host] += 1
        return secured(connection, self._security, is_dialer=False)

    def close_all(self) -> None:
        """Close every connection that was accepted here."""
        for connection in list(self._open):
            connection.close()

    def _has_room_for(self, host: str) -> bool:
        if len(self._open) >= self._bounds.total:
            return False
        if host and self._hosts[host] >= self._bounds.per_host:
            return False
        self._drop_silent()
        return True

    def _drop_silent(self) -> None:
        """
        Make room for newcomers at the bound.

        Those of the host that has most, at random, as in a flood the oldest are the honest ones.
        A few at a time, since all are looked through: a flood must not make each accept slower.
        """
        if len(self._newcomers) < self._bounds.silent:
            return
        self._newcomers = {
            connection: host
            for connection, host in self._newcomers.items()
            if not connection.gate.has_talked
        }
        by_host: dict[str, list[Connection]] = {}
        for connection, host in self._newcomers.items():
            by_host.setdefault(host, []).append(connection)
        too_many = 1 + len(self._newcomers) - self._bounds.silent
        for _ in range(too_many + self._bounds.silent // _DROPPED_SHARE if too_many > 0 else 0):
            most = max(by_host.values(), key=len)
            dropped = most.pop(self._rng.randrange(len(most)))
            del self._newcomers[dropped]
            dropped.abort()

    def _forget(self, connection: Connection) -> None:
        host = self._open.pop(connection)
        self._newcomers.pop(connection, None)
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
