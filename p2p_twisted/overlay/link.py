"""The conversations between neighbors, and between peers that might become neighbors."""

from collections.abc import Callable
from weakref import WeakValueDictionary

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.overlay import events
from p2p_twisted.overlay.effects import Dial, LinkId
from p2p_twisted.overlay.limits import LINKS_PER_HOST
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.intake import IntakeShare, an_intake_share
from p2p_twisted.wire.messages import Busy, Bye, Error, Hello, Link, Linked, Message, Peers
from p2p_twisted.wire.names import NetworkName, PeerAddress, host_group
from p2p_twisted.wire.session import Session

Feed = Callable[[events.Event], None]
"""Has the overlay handle an event."""


class AwaitedLinks:
    """
    Tells those who wait for a link that there is one, or that none is being made.

    :param is_linking: returns whether there is none, but dials that might become one.
    """

    def __init__(self, is_linking: Callable[[], bool]) -> None:
        self._is_linking = is_linking
        self._waiting: list[Deferred[None]] = []

    def wait(self) -> "Deferred[None]":
        """Fire once there is a link, or none is being made; perhaps at once."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        self.tell()
        return waiting

    def tell(self) -> None:
        """Tell all of them, unless a link is still being made."""
        if self._waiting and not self._is_linking():
            told, self._waiting = self._waiting, []
            for waiting in told:
                waiting.callback(None)


class LeafShares:
    """
    The shares of our time that peers which others cannot dial have, all of one host together.

    So very many links of one host cost no more than it may have of the others.
    """

    def __init__(self) -> None:
        self._of_host: WeakValueDictionary[str, IntakeShare] = WeakValueDictionary()

    def of(self, host: str) -> IntakeShare:
        """Return that of a host; it lasts as long as one of its links does."""
        group = host_group(host)
        share = self._of_host.get(group) or an_intake_share(LINKS_PER_HOST)
        self._of_host[group] = share
        return share


class LinkRequest(Session):
    """A connection that we dialed, until it is a link or is not to be one."""

    def __init__(
        self,
        feed: Feed,
        dial: Dial,
        me: PeerAddress,
        network: NetworkName,
        connection: Connection,
    ) -> None:
        self._feed = feed
        self._dial = dial
        self._me = me
        self._network = network
        self._connection = connection

    def greeted(self, hello: Hello) -> None:
        """Ask for a link, if this is the peer we wanted."""
        if not hello.is_from("peer", self._dial.address.name, self._network):
            self._connection.abort()
            return
        me, dial = self._me, self._dial
        asking = Link(dial.why, me.name, me.port, dial.alone, offers=True, closed=dial.closed)
        self._connection.send(asking)
        self._connection.set_deadline(limits.FIRST_LINE_SECONDS)

    def received(self, message: Message) -> None:
        """Handle the answer."""
        link = self._dial.link
        match message:
            case Linked():
                self._connection.hand_over(LinkSession(self._feed, link, self._connection))
                self._feed(events.LinkAccepted(link, message))
            case Busy(peers) | Bye(peers=peers):
                is_duplicate = message == Bye("duplicate", peers)
                self._feed(events.LinkRefused(link, peers, is_duplicate))
                self._connection.close()
            case Error():
                self._connection.close()
            case _:
                raise ProtocolError("answer LINK with LINKED, BUSY or BYE")

    def lost(self, _reason: Failure) -> None:
        """Report that there will be no answer."""
        self._feed(events.ConnectionLost(self._dial.link))


class LinkSession(Session):
    """
    A link: everything that neighbors say to each other, within a share of our time.

    :param share: that share, where links have it together; by default one of its own.
    """

    log = Logger()

    def __init__(
        self,
        feed: Feed,
        link: LinkId,
        connection: Connection,
        share: IntakeShare | None = None,
    ) -> None:
        self._feed = feed
        self._link = link
        self._connection = connection
        self._bye: Bye | None = None
        connection.intake.limit(self._fell_behind, self._abused, share)

    def received(self, message: Message) -> None:
        """Pass a neighbor's message on; remember its last word."""
        match message:
            case Bye():
                self._bye = message
                self._connection.close()
            case Error():
                self._connection.close()
            case _:
                self._feed(events.MessageReceived(self._link, message))

    def lost(self, _reason: Failure) -> None:
        """Report that the link is gone."""
        self._feed(events.ConnectionLost(self._link, self._bye))

    def _fell_behind(self) -> None:
        self._feed(events.FellBehind(self._link))

    def _abused(self) -> None:
        """End the link as if the neighbor had said goodbye: it is not dead."""
        host = self._connection.host
        self.log.info("cutting {host} off: it sends more than can be handled", host=host)
        self._bye = Bye("abuse")
        self._connection.send(self._bye)
        self._connection.close()


class ExchangeRequest(Session):
    """
    A short connection on which we exchange samples with a peer that we remember.

    :param sample: draws ours.
    """

    def __init__(
        self,
        feed: Feed,
        address: PeerAddress,
        network: NetworkName,
        sample: Callable[[], Peers],
        connection: Connection,
    ) -> None:
        self._feed = feed
        self._address = address
        self._network = network
        self._sample = sample
        self._connection = connection
        self._has_answered = False

    def greeted(self, hello: Hello) -> None:
        """Give our sample, if this is the peer we wanted."""
        if not hello.is_from("peer", self._address.name, self._network):
            self._connection.abort()
            return
        self._connection.send(self._sample())
        self._connection.set_deadline(limits.FIRST_LINE_SECONDS)

    def received(self, message: Message) -> None:
        """Learn the other side's sample."""
        if not isinstance(message, Peers):
            raise ProtocolError("answer PEERS with PEERS")
        self._has_answered = True
        self._feed(events.PeersExchanged(self._address, message.peers, is_dialed=True))
        self._connection.close()

    def lost(self, _reason: Failure) -> None:
        """Report a peer that did not answer."""
        if not self._has_answered:
            self._feed(events.ExchangeFailed(self._address))
