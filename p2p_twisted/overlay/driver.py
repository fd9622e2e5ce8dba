"""Run the overlay's machines on connections."""

from functools import partial
from itertools import count
from math import inf
from random import Random

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.logger import Logger

from p2p_twisted.overlay import events, limits
from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.driver_events import Compared, Events
from p2p_twisted.overlay.effects import (
    Answer,
    AnswerPart,
    Arrived,
    Close,
    Consult,
    Deliver,
    Dial,
    Effect,
    Exchange,
    HitsWatch,
    LinkId,
    LocalAnswer,
    NeighborDown,
    NeighborUp,
    Send,
)
from p2p_twisted.overlay.link import (
    AwaitedLinks,
    ExchangeRequest,
    LeafShares,
    LinkRequest,
    LinkSession,
)
from p2p_twisted.overlay.overlay import make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.overlay.ping_findings import PingFindings
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.effect_queue import EffectQueue
from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.dialing import dial
from p2p_twisted.wire.messages import Ask, Bye, File, Gossip, Link, Peers, Refuse, Want
from p2p_twisted.wire.names import MessageId, NetworkName, PeerAddress


class OverlayDriver:
    """
    One peer's part of the overlay: feeds events to its machines and performs their effects.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param rng: makes every choice that is left to chance; seeded, a run can be repeated.
    :param me: where this peer listens.
    :param dials: limits those that fail.
    :param leaves_most: how many peers it is linked with that others cannot dial.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Dialer,
        rng: Random,
        *,
        me: PeerAddress,
        network: NetworkName,
        book: Book,
        events: Events,
        dials: DialLimit | None = None,
        leaves_most: int = limits.LEAVES_MOST,
    ) -> None:
        self.me, self.network = me, network
        self._reactor = reactor
        self._rng = rng
        self._events = events
        self._ids = count(1)
        self._connections: dict[LinkId, Connection] = {}
        self._pings = PingFindings()
        # Whether the other ends have said that they compare offers.
        self._comparing: dict[LinkId, bool] = {}
        self._overlay = make_overlay(PassiveView(me, book, rng), self._ids, rng, dials, leaves_most)
        self._effects = EffectQueue(self._perform, self._performed)
        self._answers: dict[MessageId, Deferred[Answer]] = {}
        self._parts: dict[MessageId, HitsWatch] = {}
        self._alarm = Alarm(reactor, self._wake)
        self._left: Deferred[None] | None = None
        self._awaited = AwaitedLinks(lambda: self._overlay.membership.is_linking)
        self._leaf_shares = LeafShares()

    def now(self) -> float:
        """Read the monotonic clock, in seconds."""
        return float(self._reactor.seconds())

    def new_id(self) -> MessageId:
        """Draw a name for a broadcast, a query or a ticket."""
        return self._rng.randbytes(16).hex()

    @property
    def neighbors(self) -> tuple[PeerAddress, ...]:
        """The peers at the other ends of the links, sorted by their names."""
        addresses = (each.address for each in self._overlay.membership.links.values())
        return tuple(sorted(addresses, key=lambda address: address.name))

    @property
    def reached(self) -> tuple[PeerAddress, ...]:
        """The neighbors that have greeted this peer where they listen."""
        links = self._overlay.membership.links.values()
        return tuple(neighbor.address for neighbor in links if neighbor.is_verified)

    def linked(self) -> "Deferred[None]":
        """Fire once there is a link, or none is being made; perhaps at once."""
        return self._awaited.wait()

    # For the peer

    def feed(self, event: events.Event) -> None:
        """
        Have the machines handle an event, and perform what is to be done because of it.

        :raises ProtocolError: when a neighbor's message has no place on a link.
        """
        if isinstance(event, events.MessageReceived) and isinstance(event.message, File):
            # At once: the bytes that follow must find who reads them.
            self._events.file_arrives(self._connections[event.link], event.message)
            return
        if isinstance(event, events.MessageReceived) and isinstance(event.message, Compared):
            began = self.now()
            self._events.compared(self._connections[event.link], event.message)
            event = events.TimeSpent(event.link, self.now() - began)
        self._handle(event)
        self._effects.perform()

    def ask(
        self, ask: Ask, patience: float = inf, part: HitsWatch | None = None
    ) -> "Deferred[Answer]":
        """Ask all other peers; fires within ``ask.wait`` seconds: see :class:`Asked`."""
        if part is not None:
            self._parts[ask.id] = part
        self._answers[ask.id] = answer = Deferred[Answer]()
        self.feed(events.Asked(ask, patience))
        return answer

    def publish(self, gossip: Gossip) -> None:
        """Broadcast to all other peers."""
        self.feed(events.GossipPublished(gossip))

    def tell_neighbors(self, message: Compared, besides: Connection | None) -> None:
        """Send a message over all links but one."""
        for connection in [self._connections[each] for each in self._overlay.membership.links]:
            if connection is not besides:
                connection.send(message)

    def send(self, message: Want | Refuse) -> bool:
        """Send a message along its route; return whether its first peer is a neighbor."""
        has_link = self._handle(events.Dispatched(message))
        self._effects.perform()
        return has_link

    def leave(self, why: Bye) -> "Deferred[None]":
        """Say goodbye to all neighbors; fires when the last connection has closed."""
        self.feed(events.LinkingEnded())
        self._left = left = Deferred[None]()
        for connection in list(self._connections.values()):
            connection.send(why)
            connection.close()
        self._settle()
        return left

    def move(self, host: str) -> None:
        """Listen on another address from now on, and have new links: the old ones are dead."""
        self.me = evolve(self.me, host=host)
        for connection in list(self._connections.values()):
            connection.abort()

    # For connections that others have dialed

    def link_asked(self, connection: Connection, asking: Link) -> None:
        """Let a connection that was accepted become a link, if membership agrees."""
        link = next(self._ids)
        self._connections[link] = connection
        self._comparing[link] = asking.offers
        share = self._leaf_shares.of(connection.host) if asking.closed else None
        connection.hand_over(LinkSession(self.feed, link, connection, share))
        self.feed(events.LinkAsked(link, asking, connection.host))

    def exchange_asked(self, connection: Connection, theirs: Peers) -> None:
        """Give a sample on a connection that was accepted, and learn the one that came."""
        address = PeerAddress(theirs.name, connection.host, theirs.port)
        connection.send(self._overlay.sample(address))
        connection.close()
        self.feed(events.PeersExchanged(address, theirs.peers, False, theirs.closed))

    # Events

    def _handle(self, event: events.Event) -> bool:
        """Handle an event; return whether anything is to be done because of it."""
        now = self.now()
        links = ((link, each.keep_alive) for link, each in self._connections.items())
        for found in self._pings.news(links, now):
            self._overlay.handle(found, now)
        effects = self._overlay.handle(event, now)
        if isinstance(event, events.ConnectionLost):
            self._connections.pop(event.link, None)
            self._pings.forget(event.link)
            self._comparing.pop(event.link, None)
        self._effects.add(effects)
        return bool(effects)

    def _wake(self) -> None:
        self.feed(events.TimeCame())

    # Effects

    def _performed(self) -> None:
        self._set_alarm()
        self._awaited.tell()
        self._settle()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(link, message, sheddable):
                if link in self._connections:
                    self._connections[link].send(message, sheddable)
            case Close(link, bye):
                if link in self._connections:
                    if bye is not None:
                        self._connections[link].send(bye)
                    self._connections[link].close()
            case Dial():
                background(self.log, "dialing for a link", self._dial(effect))
            case Exchange(address):
                background(self.log, "dialing for an exchange", self._exchange(address))
            case NeighborUp(link, address):
                connection = self._connections[link]
                connection.clear_deadline()
                connection.keep_alive.start()
                self._events.neighbor_up(address, connection, self._comparing.get(link, False))
            case NeighborDown(_, address, has_died):
                self._events.neighbor_down(address, has_died)
            case Deliver(gossip, link, is_passed_on):
                self._events.delivered(gossip, self._connections.get(link), is_passed_on)
            case Arrived(link, message):
                began = self.now()
                self._events.routed(message, self._connections[link])
                self._handle(events.TimeSpent(link, self.now() - began))
            case Consult(ask):
                background(self.log, "looking something up", self._consult(ask))
            case AnswerPart(id_, hits):
                if (part := self._parts.get(id_)) is not None:
                    part(hits)
            case Answer(id=id_):
                self._parts.pop(id_, None)
                self._answers.pop(id_).callback(effect)

    async def _consult(self, ask: Ask) -> None:
        answer = LocalAnswer(cut=True)
        try:
            answer = await self._events.know(ask)
        finally:
            self.feed(events.Consulted(ask.id, answer))

    async def _dial(self, effect: Dial) -> None:
        request = partial(LinkRequest, self.feed, effect, self.me, self.network)
        connection = self._connections[effect.link] = Connection(self._reactor, request)
        await self._open(connection, effect.address, events.ConnectionLost(effect.link))

    async def _exchange(self, address: PeerAddress) -> None:
        sample = partial(self._overlay.sample, address)
        request = partial(ExchangeRequest, self.feed, address, self.network, sample)
        connection = Connection(self._reactor, request)
        await self._open(connection, address, events.ExchangeFailed(address))

    async def _open(
        self, connection: Connection, address: PeerAddress, failed: events.Event
    ) -> None:
        try:
            await dial(self._reactor, address.host, address.port, connection)
        except ConnectError as error:
            self.log.debug("{address} is not reached: {error}", address=address, error=error)
            self.feed(failed)

    def _set_alarm(self) -> None:
        """Have the machines woken when they ask to be."""
        if self._left is None or self._alarm.is_set:
            self._alarm.set(max(0.0, self._overlay.wake_at - self.now()))

    def _settle(self) -> None:
        """Once left, say so as soon as no connection is open."""
        if self._left is not None and not self._left.called and not self._connections:
            self._alarm.stop()
            self._left.callback(None)
