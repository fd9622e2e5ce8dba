"""Two ends of a TLS connection, on real sockets and under a reactor of the test's own."""

import socket
import time
from collections.abc import Callable
from typing import Final

from twisted.internet.epollreactor import EPollReactor
from twisted.internet.task import Clock

from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.issuing import certify
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import Hello, Link, Message
from p2p_twisted.wire.securing import secured
from tests.trust.private_network import PrivateNetwork
from tests.wire.ends import connect, take_turns
from tests.wire.talking import HELLO, Notes

NOW: Final = time.time()
NETWORK: Final = PrivateNetwork(now=NOW)
S1: Final = NETWORK.let_in("s1", now=NOW)
ANNA: Final = NETWORK.let_in("anna", now=NOW)
NOBODY: Final = RevocationList("default")
CLOCK: Final = Clock()


class Pair:
    """The two ends of a connection: ``s1`` listens, and somebody has dialed it."""

    def __init__(self, reactor: EPollReactor) -> None:
        self.reactor = reactor
        self.listener: Notes
        self.dialer: Notes

    def meet(
        self,
        listener: Credentials | TlsSecurity = S1,
        dialer: Credentials | TlsSecurity | None = ANNA,
        hello: Hello = HELLO,
    ) -> "Pair":
        """Connect them, each with its credentials, or without encryption."""
        ours, theirs = socket.socketpair()
        for end, security, greeting in ((theirs, dialer, None), (ours, listener, hello)):
            connection = Connection(self.reactor, self._noted(greeting), greeting)
            if isinstance(security, Credentials):
                security = TlsSecurity(security, NOBODY, CLOCK)
            protocol = secured(connection, security, is_dialer=greeting is None)
            connect(self.reactor, end, protocol)
        return self

    def _noted(self, greeting: Hello | None) -> Callable[[Connection], Notes]:
        def make(connection: Connection) -> Notes:
            notes = Notes(connection)
            if greeting is None:
                self.dialer = notes
            else:
                self.listener = notes
            return notes

        return make

    def until(self, condition: Callable[[], object]) -> None:
        """Take turns until something is true."""
        take_turns(self.reactor, condition)

    def until_lost(self) -> None:
        """Wait until both have lost the connection, and nothing was said on it."""
        self.until(lambda: self.listener.losses and self.dialer.losses)
        assert not self.listener.messages
        assert not self.dialer.hellos


def link(name: str) -> Message:
    return Link("need", name, 9_001)


def certificate_of(identity: Identity, network: PrivateNetwork = NETWORK) -> Credentials:
    key, serial = new_key(), network.serial()
    chain = certify(network.issuer, key.public_key(), identity, serial=serial, now=NOW)
    return Credentials(key, chain)
