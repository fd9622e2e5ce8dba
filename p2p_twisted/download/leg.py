"""One try to have a holder push through one relay."""

from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.download.fetching import HolderDialer, Unreachable
from p2p_twisted.relay.meeting import RelayFull, RelayRequest
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import PROTOCOL, Hello, Message, Push, Relay
from p2p_twisted.wire.names import MessageId, PeerAddress
from p2p_twisted.wire.reaching import through
from p2p_twisted.wire.securing import secured
from p2p_twisted.wire.session import Session

TakePush = Callable[[Connection, Push, str], Session]
"""Makes the session of a push, given how the two reach each other."""


class Leg(Session):
    """
    What comes from a holder by way of a relay, until it pushes.

    :param me: where this peer listens.
    :param take_push: makes the session of the push.
    :ivar holder: where the holder listens.
    :ivar relay: where the relay does.
    :ivar dialed: the connection to the relay.
    :ivar over: fires once it is decided whether the holder pushes.
    :ivar has_pushed: whether it does, or has.
    :ivar was_full: whether the relay had no place left.
    :ivar is_slow: whether it is given up for another relay.
    :ivar is_sealed: whether that is encrypted, so that the relay cannot change it.
    """

    def __init__(
        self,
        dialer: HolderDialer,
        me: PeerAddress,
        holder: PeerAddress,
        relay: PeerAddress,
        take_push: TakePush,
    ) -> None:
        self.holder = holder
        self.relay = relay
        self.over: Deferred[None] = Deferred()
        self.has_pushed = self.is_sealed = self.was_full = self.is_slow = False
        self._dialer = dialer
        self._take_push = take_push
        security = dialer.reactor.security if isinstance(dialer.reactor, BoundDialer) else None
        greeting = Hello(PROTOCOL, "peer", me.name, dialer.network)
        self._connection = Connection(dialer.reactor, lambda _made: self, greeting)
        other = secured(self._connection, security, is_dialer=True)
        asked, is_relay = Relay(me.name, holder.name), partial(dialer.is_holder, relay)
        self._request: RelayRequest

        def ask(made: Connection) -> RelayRequest:
            self._request = RelayRequest(made, asked, is_relay, other, self.failed)
            return self._request

        self.dialed = Connection(dialer.reactor, ask)

    async def place(self) -> MessageId | None:
        """Dial the relay, and return the token of a place there; nothing where it gives none."""
        try:
            await self._dialer.dial(self.relay, self.dialed)
            return await self._request.placed
        except (Unreachable, ConnectError) as error:
            self.was_full = isinstance(error, RelayFull)
            self.failed(str(error))
            return None

    def failed(self, _reason: str) -> None:
        """Handle that the holder does not come; a second time changes nothing."""
        if not self.over.called:
            self.over.callback(None)

    @override
    def received(self, message: Message) -> None:
        """Hand the connection over to the push: nothing else comes through a relay."""
        shown = self._connection.gate.other_end
        if not isinstance(message, Push) or (shown and shown.name != self.holder.name):
            raise ProtocolError(f"here {self.holder.name} says PUSH, and nobody anything else")
        self.has_pushed, self.is_sealed = True, shown is not None
        session = self._take_push(self._connection, message, through(self.relay.name))
        self._connection.hand_over(session)
        self.over.callback(None)

    @override
    def lost(self, reason: Failure) -> None:
        """Give up."""
        self.failed("the connection was lost")
