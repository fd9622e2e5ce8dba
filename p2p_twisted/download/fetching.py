"""Dial a holder that could not dial this peer, and have it push on that connection."""

from collections.abc import Callable

import attrs
from twisted.internet.error import ConnectError
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.dialing import dial
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Error, Fetch, Hello, Message, Push, Refuse, Want
from p2p_twisted.wire.names import NetworkName, PeerAddress
from p2p_twisted.wire.session import Session


class Unreachable(Exception):
    """The holder cannot be reached; the text says why."""


@attrs.frozen
class HolderDialer:
    """
    Dials holders.

    :ivar network: the name of the network, with which holders must greet.
    :ivar may_dial: returns whether this peer may dial a host at all.
    :ivar dials: limits those that fail: a holder could name an uninvolved host as its own.
    """

    reactor: Dialer
    network: NetworkName
    may_dial: Callable[[str], bool]
    dials: DialLimit

    async def dial(self, address: PeerAddress, connection: Connection) -> None:
        """
        Connect to a holder.

        :raises Unreachable: when that is not possible.
        """
        host, port = address.host, address.port
        if not self.may_dial(host):
            raise Unreachable(f"{host} may not be dialed from here")
        if not self.dials.take(host, port, self.reactor.seconds()):
            raise Unreachable(f"{host} was dialed several times, and has not answered")
        try:
            await dial(self.reactor, host, port, connection)
        except ConnectError as error:
            raise Unreachable(f"{host} cannot be reached: {error}") from None

    def is_holder(self, address: PeerAddress, hello: Hello) -> bool:
        """Return whether a greeting is the holder's; strangers get no byte."""
        if not hello.is_from("peer", address.name, self.network):
            return False
        self.dials.succeeded(address.host, address.port, self.reactor.seconds())
        return True


class FetchRequest(Session):
    """
    A connection to a holder, until it pushes what the ticket is for.

    :param asked: names the ticket.
    :param take_push: makes the session of the push.
    :param ended: is told why there will be none.
    """

    def __init__(
        self,
        connection: Connection,
        asked: Fetch | Want,
        is_holder: Callable[[Hello], bool],
        take_push: Callable[[Connection, Push], Session],
        ended: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._asked = asked
        self._is_holder = is_holder
        self._take_push = take_push
        self._ended = ended

    @override
    def greeted(self, hello: Hello) -> None:
        """Say what is to be pushed, if this is the holder."""
        if self._is_holder(hello):
            self._connection.send(self._asked)
            self._connection.set_deadline(limits.FIRST_LINE_SECONDS)
        else:
            self._ended("somebody else answers there")
            self._connection.abort()

    @override
    def received(self, message: Message) -> None:
        """Hand the connection over to the push, or end."""
        match message:
            case Push():
                self._connection.hand_over(self._take_push(self._connection, message))
            case Refuse(reason=reason) | Error(reason):
                self._ended(reason)
                self._connection.close()
            case _:
                raise ProtocolError(f"answer {self._asked.verb} with PUSH")

    @override
    def lost(self, reason: Failure) -> None:
        """Give up."""
        self._ended("the connection was lost")
