"""Meet another peer at a relay: one side asks for a place and waits, the other comes."""

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IProtocol
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.relay import limits
from p2p_twisted.relay.succession import continue_with
from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import BoundDialer, dial
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Error, Hello, Meet, Meeting, Message, Met, Placed, Relay
from p2p_twisted.wire.names import MessageId
from p2p_twisted.wire.securing import secured
from p2p_twisted.wire.session import Session

IsRelay = Callable[[Hello], bool]
"""Returns whether a greeting is the relay's; strangers get no byte."""


class RelayFull(ConnectError):
    """A relay has no place left."""


class RelayRequest(Session):
    """
    A connection to a relay, until the other peer has come there.

    :param other: talks to the other peer then. It begins: the other one has been silent.
    :param ended: is told why nobody comes, if so.
    :ivar placed: fires with the token by which the other peer is joined; fails with a
        ``ConnectError`` where the relay gives no place: a ``RelayFull`` where it has none left.
    """

    def __init__(
        self,
        connection: Connection,
        asked: Relay,
        is_relay: IsRelay,
        other: IProtocol,
        ended: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._asked = asked
        self._is_relay = is_relay
        self._other = other
        self._ended = ended
        self._has_met = False
        self.placed: Deferred[MessageId] = Deferred()

    @override
    def greeted(self, hello: Hello) -> None:
        """Ask for a place, if this is the relay."""
        if self._is_relay(hello):
            self._connection.send(self._asked)
            self._connection.set_deadline(wire_limits.FIRST_LINE_SECONDS)
        else:
            self._failed("somebody else answers there")
            self._connection.abort()

    @override
    def received(self, message: Message) -> None:
        """Wait; and hand the connection over once the other peer is there."""
        match message:
            case Placed(token) if not self.placed.called:
                # The relay's own deadline comes first.
                self._connection.set_deadline(2 * limits.MEET_WITHIN_SECONDS)
                self.placed.callback(token)
            case Met() if self.placed.called:
                self._has_met = True
                continue_with(self._connection, self._other)
            case Error(reason, code):
                self._failed(reason, RelayFull if code == "full" else ConnectError)
                self._connection.close()
            case _:
                raise ProtocolError("answer RELAY with PLACED and then MET")

    @override
    def lost(self, reason: Failure) -> None:
        """Give up, if the other peer has not come."""
        if not self._has_met:
            self._failed("the relay has ended the connection")

    def _failed(self, reason: str, kind: type[ConnectError] = ConnectError) -> None:
        if not self.placed.called:
            self.placed.errback(kind(string=reason))
        self._ended(reason)


class _MeetRequest(Session):
    """A connection to a relay, until what comes on it is from the other peer."""

    def __init__(
        self, connection: Connection, came: Meet, is_relay: IsRelay, other: IProtocol
    ) -> None:
        self._connection = connection
        self._came = came
        self._is_relay = is_relay
        self._other = other
        self.done: Deferred[None] = Deferred()

    @override
    def greeted(self, hello: Hello) -> None:
        """Show the token, if this is the relay. Whatever comes then is for the other protocol."""
        if self._is_relay(hello):
            self._connection.send(self._came)
            continue_with(self._connection, self._other)
            self.done.callback(None)
        else:
            self._connection.abort()

    @override
    def received(self, message: Message) -> None:
        """Refuse it: nothing is expected from the relay but its greeting."""
        raise ProtocolError("wait for MEET")

    @override
    def lost(self, reason: Failure) -> None:
        """Give up, if the relay has not greeted."""
        if not self.done.called:
            self.done.errback(ConnectError(string="no relay answers there"))


async def meet(
    reactor: Dialer,
    meeting: Meeting,
    came: Meet,
    is_relay: IsRelay,
    connection: Connection,
) -> None:
    """
    Dial a relay to meet the peer that waits there; as :func:`dial` does.

    :param reactor: as :func:`dial` takes it.
    :param connection: talks to that peer, which greets it. Encrypted, it listens: whoever has
        waited is told that both are there, and so begins.
    :raises ConnectError: when the relay cannot be reached.
    """
    security = reactor.security if isinstance(reactor, BoundDialer) else None
    other = secured(connection, security, is_dialer=False)
    requests: list[_MeetRequest] = []

    def begin(made: Connection) -> _MeetRequest:
        requests.append(_MeetRequest(made, came, is_relay, other))
        return requests[0]

    await dial(reactor, meeting.at.host, meeting.at.port, Connection(reactor, begin))
    await requests[0].done
