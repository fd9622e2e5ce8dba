"""Open a connection to a listener."""

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import getConnectError
from twisted.internet.interfaces import IConnector, IDelayedCall, IProtocol, IReactorTime
from twisted.internet.protocol import ClientCreator
from zope.interface import implementer

from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.securing import Security, secured


def dial(reactor: Dialer, host: str, port: int, connection: Connection) -> "Deferred[IProtocol]":
    """
    Connect; the connection's session hears everything that follows.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``; a :class:`BoundDialer` may have
        it encrypted.
    :param connection: made without a greeting, its session already in place.
    :returns: fires when there is one, or fails with a ``ConnectError`` within 2 s.
    """
    security = reactor.security if isinstance(reactor, BoundDialer) else None
    creator = ClientCreator(reactor, secured, connection, security, is_dialer=True)
    try:
        dialed: Deferred[IProtocol] = creator.connectTCP(host, port, timeout=limits.DIAL_SECONDS)
    except OSError as error:
        # Of an address that the system does not even take.
        return fail(getConnectError(error))
    return dialed


@implementer(IReactorTime)
@attrs.define(eq=False)
class BoundDialer:
    """
    A reactor that dials from one address of this machine.

    A machine may have several, and others take a peer's host from its connections: it must be
    the one that the peer listens on.

    :ivar host: the address to dial from; may be changed. The system chooses where it is empty.
    :ivar security: encrypts what is dialed; ``None`` in an open network.
    :ivar seconds: the reactor's own: connections ask for the time more often than for anything.
    """

    _reactor: Dialer
    host: str
    security: Security | None = None
    seconds: Callable[[], float] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.seconds = self._reactor.seconds

    def callLater(
        self, delay: float, callable: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> IDelayedCall:
        """Set a timer of the reactor."""
        return self._reactor.callLater(delay, callable, *args, **kwargs)

    def getDelayedCalls(self) -> Any:
        """List the reactor's timers."""
        return self._reactor.getDelayedCalls()

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: float = 30, bindAddress: Any = None
    ) -> IConnector:
        """Connect from :attr:`host`, unless it is of the other IP version."""
        is_possible = bool(self.host) and (":" in host) == (":" in self.host)
        bind = (self.host, 0) if is_possible else bindAddress
        return self._reactor.connectTCP(host, port, factory, timeout, bind)
