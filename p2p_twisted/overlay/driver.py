"""Run the overlay's machine on connections."""

from collections.abc import Iterable
from itertools import count
from math import inf
from operator import attrgetter
from random import Random
from typing import Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.logger import Logger

from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import (
    Answer,
    Arrived,
    Close,
    Deliver,
    Dial,
    Effect,
    Exchange,
    LinkId,
    NeighborDown,
    NeighborUp,
    Send,
)
from p2p_twisted.overlay.link import ExchangeRequest, LinkRequest, LinkSession
from p2p_twisted.overlay.overlay import make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.overlay.queries import LocalAnswer
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import dial
from p2p_twisted.wire.messages import (
    Ask,
    Bye,
    File,
    Gossip,
    Link,
    Linked,
    Message,
    Peers,
    Refuse,
    Want,
)
from p2p_twisted.wire.names import MessageId, NetworkName, PeerAddress

_name_of: Final = attrgetter("name")


class Events(Protocol):
    """What the overlay tells the peer, and asks of it."""

    def know(self, ask: Ask) -> LocalAnswer:
        """Answer a question as far as this peer can."""

    def neighbor_up(self, address: PeerAddress) -> None:
        """A link has begun."""

    def neighbor_down(self, address: PeerAddress, has_died: bool) -> None:
        """A link has ended; without a word when its neighbor ``has_died``."""

    def delivered(self, gossip: Gossip) -> None:
        """A broadcast has come."""

    def routed(self, message: Want | Refuse, link: Connection) -> None:
        """A message whose route ends here has come over a link."""

    def file_arrives(self, link: Connection, file: File) -> None:
        """Raw bytes follow on a link."""


class OverlayDriver:
    """
    One peer's part of the overlay.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param rng: decides whatever may be any way; seeded, a run can be repeated.
    :param me: where this peer listens.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Dialer,
        rng: Random,
        me: PeerAddress,
        network: NetworkName,
        book: Book,
        events: Events,
    ) -> None:
        self.me = me
        self.network = network
        self._reactor = reactor
        self._rng = rng
        self._events = events
        self._ids = count(1)
        self._connections: dict[LinkId, Connection] = {}
        passive = PassiveView(me, book, rng)
        self._overlay = make_overlay(passive, self._ids, rng, events.know, self._round_trip)
        self._answers: dict[MessageId, Deferred[Answer]] = {}
        self._alarm = Alarm(reactor, self._wake)
        self._left: Deferred[None] | None = None

    # For the peer

    def now(self) -> float:
        """Read the monotonic clock, in seconds."""
        return float(self._reactor.seconds())

    def new_id(self) -> MessageId:
        """Draw a name for a broadcast, a question or a ticket."""
        return self._rng.randbytes(16).hex()

    @property
    def neighbors(self) -> tuple[PeerAddress, ...]:
        """The peers at the other ends of the links, sorted by their names."""
        links = self._overlay.membership.links.values()
        return tuple(sorted((neighbor.address for neighbor in links), key=_name_of))

    @property
    def is_linking(self) -> bool:
        """Whether there is no link yet, but some are being made."""
        return self._overlay.membership.is_linking

    def introduce(self, referrals: Iterable[PeerAddress]) -> None:
        """Take referrals from the registry; the first call starts it all."""
        self._perform(self._overlay.introduce(referrals, self.now()))

    def ask(self, ask: Ask, patience: float = inf) -> "Deferred[Answer]":
        """Ask all other peers; fires within ``ask.wait`` seconds: see :meth:`Asking.ask`."""
        self._answers[ask.id] = answer = Deferred[Answer]()
        self._perform(self._overlay.ask(ask, self.now(), patience))
        return answer

    def publish(self, gossip: Gossip) -> None:
        """Broadcast to all other peers."""
        self._perform(self._overlay.publish(gossip, self.now()))

    def send(self, message: Want | Refuse) -> bool:
        """Send a message along its route; tell whether its first peer is a neighbor."""
        effects = self._overlay.send(message)
        self._perform(effects)
        return bool(effects)

    def seek_no_more(self) -> None:
        """From now on seek no links, but keep those there are, and take those who come."""
        self._overlay.membership.seek_no_more()

    def leave(self, why: Bye) -> "Deferred[None]":
        """Say goodbye to all neighbors; fires when the last connection has closed."""
        self._overlay.membership.stop()
        self._left = left = Deferred[None]()
        for connection in list(self._connections.values()):
            connection.send(why)
            connection.close()
        self._settle()
        return left

    # For the listener's sessions

    def link_asked(self, connection: Connection, asking: Link) -> None:
        """Take a connection that was accepted and asks to become a link."""
        link = next(self._ids)
        self._connections[link] = connection
        connection.hand_over(LinkSession(self, link, connection))
        self._perform(self._overlay.link_asked(link, asking, connection.host, self.now()))

    def trade_asked(self, connection: Connection, theirs: Peers) -> None:
        """Take a sample from a connection that was accepted, and give one."""
        address = PeerAddress(theirs.name, connection.host, theirs.port)
        connection.send(self.sample(address))
        connection.close()
        self._perform(self._overlay.traded((address, *theirs.peers), self.now()))

    # For the sessions of links: see Talk

    def accepted(self, link: LinkId, connection: Connection, linked: Linked) -> None:
        """The link that was asked for begins."""
        connection.hand_over(LinkSession(self, link, connection))
        self._perform(self._overlay.link_accepted(link, linked, self.now()))

    def refused(self, link: LinkId, peers: tuple[PeerAddress, ...]) -> None:
        """The link that was asked for will not be."""
        self._perform(self._overlay.link_refused(link, peers, self.now()))

    def received(self, link: LinkId, message: Message) -> None:
        """A neighbor says something."""
        self._perform(self._overlay.received(link, message, self.now()))

    def file_arrives(self, connection: Connection, file: File) -> None:
        """Raw bytes follow on the link."""
        self._events.file_arrives(connection, file)

    def lost(self, link: LinkId, bye: Bye | None) -> None:
        """A connection is gone, or could not be made."""
        effects = self._overlay.lost(link, bye, self.now())
        self._connections.pop(link, None)
        self._perform(effects)
        self._settle()

    def sample(self, to: PeerAddress) -> Peers:
        """Make a sample to trade."""
        return Peers(self.me.name, self.me.port, self._overlay.membership.sample(to))

    def traded(self, address: PeerAddress, peers: tuple[PeerAddress, ...]) -> None:
        """A sample has come."""
        self._overlay.membership.passive.met(address)
        self._perform(self._overlay.traded(peers, self.now()))

    def trade_failed(self, address: PeerAddress) -> None:
        """No sample has come."""
        self._perform(self._overlay.trade_failed(address, self.now()))

    # Effects

    def _perform(self, effects: Iterable[Effect]) -> None:
        try:
            for effect in effects:
                self._perform_one(effect)
        finally:
            # Whatever goes wrong with one effect, the machine must be woken again.
            self._set_alarm()

    def _perform_one(self, effect: Effect) -> None:
        match effect:
            case Send(link, message, sheddable):
                if link in self._connections:
                    self._connections[link].send(message, sheddable)
            case Close(link, bye):
                self._close(link, bye)
            case Dial():
                background(self.log, "dialing for a link", self._dial(effect))
            case Exchange(address):
                background(self.log, "dialing for a trade", self._trade(address))
            case NeighborUp(link, address):
                self._connections[link].clear_deadline()
                self._connections[link].keep_alive()
                self._events.neighbor_up(address)
            case NeighborDown(_, address, has_died):
                self._events.neighbor_down(address, has_died)
            case Deliver(gossip):
                self._events.delivered(gossip)
            case Arrived(link, message):
                self._events.routed(message, self._connections[link])
            case Answer(id=id_):
                self._answers.pop(id_).callback(effect)

    async def _dial(self, effect: Dial) -> None:
        connection = Connection(self._reactor, lambda made: LinkRequest(self, effect, made))
        self._connections[effect.link] = connection
        try:
            await dial(self._reactor, effect.address.host, effect.address.port, connection)
        except ConnectError as error:
            self.log.debug("no link to {address}: {error}", address=effect.address, error=error)
            self.lost(effect.link, None)

    async def _trade(self, address: PeerAddress) -> None:
        connection = Connection(self._reactor, lambda made: ExchangeRequest(self, address, made))
        try:
            await dial(self._reactor, address.host, address.port, connection)
        except ConnectError:
            self.trade_failed(address)

    def _close(self, link: LinkId, bye: Bye | None) -> None:
        connection = self._connections.get(link)
        if connection is None:
            return
        if bye is not None:
            connection.send(bye)
        connection.close()

    def _round_trip(self, link: LinkId) -> float | None:
        return self._connections[link].round_trip if link in self._connections else None

    def _set_alarm(self) -> None:
        """Have the machine woken when it asks to be."""
        if self._left is None or self._alarm.is_set:
            self._alarm.set(max(0.0, self._overlay.wake_at - self.now()))

    def _wake(self) -> None:
        self._perform(self._overlay.wake(self.now()))

    def _settle(self) -> None:
        """Once left, tell so as soon as no connection is open."""
        if self._left is not None and not self._left.called and not self._connections:
            self._alarm.stop()
            self._left.callback(None)
