"""Open a connection to a listener."""

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientCreator

from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection


def dial(reactor: Dialer, host: str, port: int, connection: Connection) -> "Deferred[Connection]":
    """
    Connect; the connection's session hears everything that follows.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param connection: made without a greeting, its session already in place.
    :returns: fires with the connection, or fails with a ``ConnectError`` within 2 s.
    """
    creator = ClientCreator(reactor, lambda: connection)
    dialed: Deferred[Connection] = creator.connectTCP(host, port, timeout=limits.DIAL_SECONDS)
    return dialed
