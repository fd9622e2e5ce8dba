"""A connection on sockets that is encrypted, seen from its other end."""

import time
from typing import Any, Final

from OpenSSL import SSL
from twisted.internet.interfaces import IReactorTime
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity, mutual_context
from p2p_twisted.trust.tls_transport import Read, TlsTransport, read_by_copy
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.securing import SecuredConnection
from tests.trust.private_network import PrivateNetwork
from tests.wire.ends import InMemory, OnSockets

# OpenSSL has its own clock.
NOW: Final = time.time()
NETWORK: Final = PrivateNetwork(now=NOW)
S1: Final = NETWORK.let_in("s1", now=NOW)
ANNA: Final = NETWORK.let_in("anna", now=NOW)


class AnnasSide:
    """
    The other end of what ``s1`` accepted from ``anna``.

    :ivar tls: anna's side.
    """

    connection: Connection
    clock: IReactorTime
    tls: SSL.Connection

    def greet(self, case: SynchronousTestCase, read: Read) -> None:
        """
        Be about to encrypt.

        :param read: how ``s1`` decrypts blocks.
        """
        case.addCleanup(setattr, TlsTransport, "read", TlsTransport.__dict__["read"])
        TlsTransport.read = staticmethod(read)
        self.tls = SSL.Connection(mutual_context(ANNA, time.time), None)
        self.tls.set_connect_state()

    def send(self, sent: bytes) -> None:
        """Send bytes as they are."""
        raise NotImplementedError

    def receive(self) -> bytes:
        """Take what has come as it is."""
        raise NotImplementedError

    def _wrapped(self) -> Any:
        security = TlsSecurity(S1, RevocationList("default"), self.clock)
        return SecuredConnection(self.connection, security, is_dialer=False)

    def say(self, said: bytes) -> None:
        while not self._is_greeted():
            self.send(self.sealed())
            self._take()
        left = memoryview(said)
        while left:
            left = left[self.tls.send(left[:100_000]) :]
            self.send(self.sealed())

    def heard(self) -> bytes:
        return self._take()

    def sealed(self) -> bytes:
        """Take what anna's side is to send."""
        sealed = []
        try:
            while True:
                sealed.append(self.tls.bio_read(1 << 20))
        except SSL.WantReadError:
            return b"".join(sealed)

    def _is_greeted(self) -> bool:
        try:
            self.tls.do_handshake()
        except SSL.WantReadError:
            return False
        return True

    def _take(self) -> bytes:
        heard = []
        if received := self.receive():
            self.tls.bio_write(received)
        try:
            while True:
                heard.append(self.tls.recv(1 << 14))
        except SSL.ZeroReturnError:
            self.tls.shutdown()
            self.send(self.sealed())
        except SSL.Error:
            pass
        return b"".join(heard)


class Secured(AnnasSide, OnSockets):
    """On a socket."""

    def __init__(self, case: SynchronousTestCase, read: Read) -> None:
        self.greet(case, read)
        super().__init__(case)

    send, receive = OnSockets.send, OnSockets.receive


class SecuredInMemory(AnnasSide, InMemory):
    """On a transport that is none, in the virtual time of a test."""

    def __init__(self, case: SynchronousTestCase) -> None:
        self.greet(case, read_by_copy)
        super().__init__()

    send, receive = InMemory.send, InMemory.receive
