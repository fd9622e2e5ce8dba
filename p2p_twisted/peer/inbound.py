"""Find out what an accepted connection is for: its first message says so."""

from collections.abc import Callable

from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Ask, Error, Fetch, Link, Message, Peers, Push, Want
from p2p_twisted.wire.session import Session


class InboundDispatcher(Session):
    """
    Hands an accepted connection over to the session that its first message is for.

    :param take_push: makes the session of a push.
    :param take_fetch: pushes what was wanted before, or refuses.
    :param take_member: answers or serves a member of a private network that asks here itself;
        ``None`` in an open one.
    """

    unknown_verb_hint = "say LINK, PEERS, PUSH or FETCH; the registry is elsewhere"

    def __init__(
        self,
        connection: Connection,
        driver: OverlayDriver,
        take_push: Callable[[Connection, Push], Session],
        take_fetch: Callable[[Connection, Fetch], None],
        take_member: Callable[[Connection, Ask | Want], None] | None = None,
    ) -> None:
        self._connection = connection
        self._driver = driver
        self._take_push = take_push
        self._take_fetch = take_fetch
        self._take_member = take_member
        self._is_asked = False

    def received(self, message: Message) -> None:
        """Hand the connection over."""
        if self._is_asked:
            return
        match message:
            case Link():
                self._driver.link_asked(self._connection, message)
            case Peers():
                self._driver.exchange_asked(self._connection, message)
            case Push():
                self._connection.hand_over(self._take_push(self._connection, message))
            case Fetch():
                self._take_fetch(self._connection, message)
            case Ask() | Want() if self._take_member is not None:
                self._is_asked = True
                self._take_member(self._connection, message)
            case Error():
                self._connection.close()
            case _:
                raise ProtocolError(
                    "say LINK, PEERS, PUSH or FETCH first; the registry is elsewhere"
                )
