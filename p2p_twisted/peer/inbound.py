"""Find out what an accepted connection is for: its first message says so."""

from collections.abc import Callable
from typing import Final

from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import (
    Ask,
    Error,
    Fetch,
    Link,
    Meet,
    Message,
    Peers,
    Push,
    Relay,
    Want,
)
from p2p_twisted.wire.session import Session

_SAY: Final = "LINK, PEERS, PUSH, FETCH, RELAY or MEET"


class InboundDispatcher(Session):
    """
    Hands an accepted connection over to the session that its first message is for.

    :param take_push: makes the session of a push.
    :param take_fetch: pushes what was wanted before, or refuses.
    :param relaying: joins those that cannot reach each other.
    :param take_member: answers or serves a member of a private network that asks here itself;
        ``None`` in an open one.
    """

    unknown_verb_hint = f"say {_SAY}; the registry is elsewhere"

    def __init__(
        self,
        connection: Connection,
        *,
        driver: OverlayDriver,
        take_push: Callable[[Connection, Push], Session],
        take_fetch: Callable[[Connection, Fetch], None],
        relaying: Relaying,
        take_member: Callable[[Connection, Ask | Want], None] | None = None,
    ) -> None:
        self._connection = connection
        self._driver = driver
        self._take_push = take_push
        self._take_fetch = take_fetch
        self._relaying = relaying
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
            case Relay():
                self._relaying.asked(self._connection, message)
            case Meet():
                self._relaying.came(self._connection, message)
            case Ask() | Want() if self._take_member is not None:
                self._is_asked = True
                self._take_member(self._connection, message)
            case Error():
                self._connection.close()
            case _:
                raise ProtocolError(f"say {_SAY} first; the registry is elsewhere")
