"""The talk on connections between neighbors, and between those who might become some."""

from typing import Protocol

from twisted.python.failure import Failure

from p2p_twisted.overlay.effects import Dial, LinkId
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Busy, Bye, Error, File, Hello, Link, Linked, Message, Peers
from p2p_twisted.wire.names import NetworkName, PeerAddress
from p2p_twisted.wire.session import Session


class Talk(Protocol):
    """What these sessions tell the node that they belong to."""

    me: PeerAddress
    network: NetworkName

    def accepted(self, link: LinkId, connection: Connection, linked: Linked) -> None:
        """The link that was asked for begins."""

    def refused(self, link: LinkId, peers: tuple[PeerAddress, ...]) -> None:
        """The link that was asked for will not be."""

    def received(self, link: LinkId, message: Message) -> None:
        """A neighbor says something."""

    def file_arrives(self, connection: Connection, file: File) -> None:
        """Raw bytes follow on the link."""

    def lost(self, link: LinkId, bye: Bye | None) -> None:
        """A connection is gone."""

    def sample(self, to: PeerAddress) -> Peers:
        """Make a sample to trade."""

    def traded(self, address: PeerAddress, peers: tuple[PeerAddress, ...]) -> None:
        """A sample has come."""

    def trade_failed(self, address: PeerAddress) -> None:
        """No sample has come."""


class LinkRequest(Session):
    """A connection that we dialed, until it is a link or is not to be one."""

    def __init__(self, node: Talk, dial: Dial, connection: Connection) -> None:
        self._node = node
        self._dial = dial
        self._connection = connection

    def greeted(self, hello: Hello) -> None:
        """Ask for a link, if this is the peer we wanted."""
        if not hello.is_from("peer", self._dial.address.name, self._node.network):
            self._connection.abort()
            return
        me = self._node.me
        self._connection.send(Link(self._dial.why, me.name, me.port, self._dial.alone))
        self._connection.set_deadline(limits.FIRST_LINE_SECONDS)

    def received(self, message: Message) -> None:
        """Take the answer."""
        match message:
            case Linked():
                self._node.accepted(self._dial.link, self._connection, message)
            case Busy(peers) | Bye(peers=peers):
                self._node.refused(self._dial.link, peers)
                self._connection.close()
            case Error():
                self._connection.close()
            case _:
                raise ProtocolError("answer LINK with LINKED, BUSY or BYE")

    def lost(self, _reason: Failure) -> None:
        """Take note that there will be no answer."""
        self._node.lost(self._dial.link, None)


class LinkSession(Session):
    """A link: everything that neighbors say to each other."""

    def __init__(self, node: Talk, link: LinkId, connection: Connection) -> None:
        self._node = node
        self._link = link
        self._connection = connection
        self._bye: Bye | None = None

    def received(self, message: Message) -> None:
        """Pass a neighbor's message on."""
        match message:
            case File():
                self._node.file_arrives(self._connection, message)
            case Bye():
                self._bye = message
                self._connection.close()
            case Error():
                self._connection.close()
            case _:
                self._node.received(self._link, message)

    def lost(self, _reason: Failure) -> None:
        """Take note that the link is gone."""
        self._node.lost(self._link, self._bye)


class ExchangeRequest(Session):
    """A short connection on which we trade samples with a peer that we remember."""

    def __init__(self, node: Talk, address: PeerAddress, connection: Connection) -> None:
        self._node = node
        self._address = address
        self._connection = connection
        self._has_answered = False

    def greeted(self, hello: Hello) -> None:
        """Give our sample, if this is the peer we wanted."""
        if not hello.is_from("peer", self._address.name, self._node.network):
            self._connection.abort()
            return
        self._connection.send(self._node.sample(self._address))
        self._connection.set_deadline(limits.FIRST_LINE_SECONDS)

    def received(self, message: Message) -> None:
        """Take the other side's sample."""
        if not isinstance(message, Peers):
            raise ProtocolError("answer PEERS with PEERS")
        self._has_answered = True
        self._node.traded(self._address, message.peers)
        self._connection.close()

    def lost(self, _reason: Failure) -> None:
        """Take note of a peer that did not answer."""
        if not self._has_answered:
            self._node.trade_failed(self._address)
