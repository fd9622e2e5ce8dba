"""What an accepted connection is for: its first message says so."""

from collections.abc import Callable

from twisted.python.failure import Failure

from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Error, Hello, Link, Message, Peers, Push
from p2p_twisted.wire.session import Session


class InboundDispatcher:
    """
    The first session of an accepted connection; it hands over to the right one.

    :param take_push: makes the session of a push.
    """

    def __init__(
        self,
        connection: Connection,
        node: OverlayDriver,
        take_push: Callable[[Connection, Push], Session],
    ) -> None:
        connection.hint = "say LINK, PEERS or PUSH; the registry is elsewhere"
        self._connection = connection
        self._node = node
        self._take_push = take_push

    def greeted(self, _hello: Hello) -> None:
        """Do nothing: whoever listens is not greeted."""

    def received(self, message: Message) -> None:
        """Hand over."""
        match message:
            case Link():
                self._node.link_asked(self._connection, message)
            case Peers():
                self._node.trade_asked(self._connection, message)
            case Push():
                self._connection.session = self._take_push(self._connection, message)
            case Error():
                self._connection.close()
            case _:
                raise ProtocolError("say LINK, PEERS or PUSH first; the registry is elsewhere")

    def lost(self, _reason: Failure) -> None:
        """Do nothing: it was for nothing."""
