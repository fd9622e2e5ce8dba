"""Encrypt a connection before it carries a line, and know who is at its other end."""

from typing import Any, Final, Protocol

from twisted.internet.interfaces import IHandshakeListener, IProtocol
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.line_gate import OtherEnd
from p2p_twisted.wire.messages import Error
from p2p_twisted.wire.sealing import ISealing
from p2p_twisted.wire.tcp_stream import IStream

_TLS_RECORD: Final = b"\x16"


class NotAdmitted(Exception):
    """Who is at the other end has no part in this network; the text says why."""


class Security(Protocol):
    """How all connections of a peer or registry are encrypted."""

    def allows(self, host: str) -> bool:
        """Return whether a host may have us work on one more handshake."""

    def wrap(self, inside: IProtocol, is_dialer: bool) -> ISealing:
        """
        Return what speaks TLS on one connection.

        :param inside: hears what is decrypted, and when the handshake is complete.
        """

    def admit(self, certificate: Any, connection: Connection) -> OtherEnd | None:
        """
        Read a certificate that TLS has verified.

        :param connection: is aborted where the certificate does not count any more later.
        :returns: whose it is; ``None`` for who has none, and may say little.
        :raises NotAdmitted: when it does not count nevertheless.
        """

    def forget(self, connection: Connection, reason: Failure | None = None) -> None:
        """
        Forget a connection that has ended.

        :param reason: may show that the other side refuses our certificate.
        """


class SecuredConnection(TwistedProtocol):
    """
    Makes TLS on a TCP connection, for a :class:`Connection` to talk on.

    The dialer speaks first. A listener has TLS made only once the first byte has come, and only
    if that begins a handshake: until then a connection costs no more than an open one.

    :param connection: is given the transport at once, to abort it where it is late.
    """

    # Twisted sets it before connectionMade.
    transport: IStream

    def __init__(self, connection: Connection, security: Security, is_dialer: bool) -> None:
        self._connection = connection
        self._security = security
        self._is_dialer = is_dialer
        self._tls: ISealing | None = None
        # Before the first message.
        self._received = 0

    @override
    def connectionMade(self) -> None:
        self._connection.attend(self.transport)
        if self._is_dialer:
            self._begin()

    @override
    def dataReceived(self, data: bytes) -> None:
        if self._tls is None:
            if not (data.startswith(_TLS_RECORD) and self._security.allows(self._connection.host)):
                self._connection.abort()
                return
            self._begin()
        assert self._tls is not None
        if not self._connection.gate.has_talked:
            # Changes of keys and the like are no lines, and take time nevertheless.
            self._received += len(data)
            if self._received > limits.FIRST_MESSAGE_WITHIN_BYTES:
                self._connection.abort()
                return
        self._connection.intake.piece_came()
        self._tls.dataReceived(self._connection.input.open_block(self._tls, data))
        self._connection.intake.piece_handled()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._tls is None:
            self._connection.connectionLost(reason)
        else:
            self._tls.connectionLost(reason)

    def _begin(self) -> None:
        inside = _Inside(self._connection, self._security, self._is_dialer)
        self._tls = self._security.wrap(inside, self._is_dialer)
        self._tls.makeConnection(self.transport)


@implementer(IHandshakeListener)
class _Inside(TwistedProtocol):
    """
    Passes what is decrypted on, once the other side has shown that it is of this network.

    Nothing is said to anybody before that.
    """

    log = Logger()
    # Of TLS, set before connectionMade.
    transport: Any

    def __init__(self, connection: Connection, security: Security, is_dialer: bool) -> None:
        self._connection = connection
        self._security = security
        self._is_dialer = is_dialer

    def handshakeCompleted(self) -> None:  # noqa: N802
        """Let the connection begin, if the other side has a part in this network."""
        try:
            certificate = self.transport.getPeerCertificate()
            other_end = self._security.admit(certificate, self._connection)
        except NotAdmitted as error:
            self._refuse(str(error))
            return
        if other_end is not None:
            self._connection.gate.meet(other_end)
        self._connection.makeConnection(self.transport)

    @override
    def dataReceived(self, data: bytes) -> None:
        self._connection.dataReceived(data)

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._security.forget(self._connection, reason)
        self._connection.connectionLost(reason)

    def _refuse(self, why: str) -> None:
        self.log.debug("{host} is not admitted: {why}", host=self._connection.host, why=why)
        if self._is_dialer:
            self._connection.abort()
        else:
            # It has a certificate of this network: so its owner may know what is wrong with it.
            self._connection.makeConnection(self.transport)
            self._connection.refuse(Error(why, "refused"))


def secured(
    connection: Connection, security: Security | None, is_dialer: bool
) -> Connection | SecuredConnection:
    """Return what Twisted is to connect: the connection itself, or what encrypts it before."""
    if security is None:
        return connection
    return SecuredConnection(connection, security, is_dialer)
