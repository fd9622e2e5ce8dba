"""What joins simulated peers: connections, a registry, and time."""

from collections.abc import Callable
from itertools import count
from math import inf
from random import Random

from attrs import define, field

from p2p_twisted.overlay import events
from p2p_twisted.overlay.effects import (
    Answer,
    Arrived,
    Close,
    Consult,
    Deliver,
    Dial,
    Effect,
    Exchange,
    LinkId,
    NeighborDown,
    NeighborUp,
    Send,
)
from p2p_twisted.simulation.event_queue import EventQueue
from p2p_twisted.simulation.observation import Observer
from p2p_twisted.simulation.simulated_peer import End, SimulatedPeer, latency_between
from p2p_twisted.simulation.simulated_registry import SimulatedRegistry
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Busy, Bye, Link, Linked, Message, Peers
from p2p_twisted.wire.names import PeerAddress, PeerName


@define(eq=False)
class Wiring:
    """
    Peers, the connections between them, and time, in seconds.

    The effects of the peers' machines are performed here. Latencies are 10 to 50 ms, fixed for
    each pair of peers, and a dial to the dead costs 2 s.

    :ivar has_registry: whether peers can renew their registrations there, every half
        minute and more often while they are alone, and get referrals; it hears of deaths.
    :ivar lines: how many lines peers have sent; pings and greetings are not among them.
    :ivar observer: is told what happens.
    :ivar later: has something happen in so many seconds.
    """

    seed: int = 1
    has_registry: bool = True
    peers: dict[PeerName, SimulatedPeer] = field(factory=dict)
    lines: int = 0
    observer: Observer = field(factory=Observer)
    rng: Random = field(init=False)
    later: Callable[..., None] = field(init=False)
    # One for all machines: a generator of its own would take a tenth of a peer's memory.
    _dice: Random = field(init=False)
    _registry: SimulatedRegistry = field(init=False)
    _queue: EventQueue = field(factory=EventQueue)
    _ids: "count[int]" = field(factory=lambda: count(1))

    def __attrs_post_init__(self) -> None:
        self.rng, self._dice = Random(self.seed), Random(f"dice {self.seed}")
        self.later = self._queue.happen_in
        self._registry = SimulatedRegistry(self)

    @property
    def now(self) -> float:
        """The time, in seconds."""
        return self._queue.now

    def feed(self, peer: SimulatedPeer, event: events.Event) -> None:
        """Have a peer's machines handle an event, and perform what is to be done because of it."""
        self._perform(peer, peer.overlay.handle(event, self._queue.now))

    def _perform(self, peer: SimulatedPeer, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send():
                    self._send(peer, effect.link, effect.message)
                case Consult(ask):
                    # In its turn, as in OverlayDriver: after what was decided before.
                    answer = events.Consulted(ask.id, peer.know(ask))
                    effects += peer.overlay.handle(answer, self._queue.now)
                case Deliver():
                    gossip = effect.gossip
                    assert gossip.id not in peer.delivered, "delivered twice"
                    peer.delivered[gossip.id] = (self._queue.now, gossip.hops)
                case Close(link, bye):
                    if bye is not None:
                        self._send(peer, link, bye)
                    self._close(peer, link)
                case Dial():
                    self._dial(peer, effect)
                case Exchange(address):
                    effects += self._exchange(peer, address)
                case Answer(id=id_):
                    peer.answers[id_] = (self._queue.now, effect)
                case Arrived(_, message):
                    peer.arrived.append(message)
                case NeighborUp():
                    self.observer.linked(peer.name, effect.address.name)
                case NeighborDown(_, address, has_died):
                    self.observer.unlinked(peer.name, address.name)
                    self._registry.lost(peer, address.name, has_died)
        self._set_alarm(peer)

    def _dial(self, peer: SimulatedPeer, dial: Dial) -> None:
        other = self.peers.get(dial.address.name)
        if other is None or other.address != dial.address or not _is_dialable(peer, other):
            self.later(limits.DIAL_SECONDS, self._lose, peer, dial.link, None)
        elif not other.is_alive:
            wait = limits.DIAL_SECONDS if other.is_silent else 2 * latency_between(peer, other)
            self.later(wait, self._lose, peer, dial.link, None)
        else:
            self.later(3 * latency_between(peer, other), self._request, peer, other, dial)

    def _request(self, peer: SimulatedPeer, other: SimulatedPeer, dial: Dial) -> None:
        if not (peer.is_alive and other.is_alive and _is_reachable(peer, other)):
            self._lose(peer, dial.link, None)
            return
        theirs = next(self._ids)
        latency = latency_between(peer, other)
        peer.ends[dial.link] = End(other, theirs, latency)
        other.ends[theirs] = End(peer, dial.link, latency)
        for one, number in ((peer, dial.link), (other, theirs)):
            one.overlay.handle(events.RoundTripMeasured(number, 2 * latency), self._queue.now)
        link = Link(dial.why, peer.name, peer.address.port, dial.alone, closed=dial.closed)
        self._count(link, other, 0.0)
        self.feed(other, events.LinkAsked(theirs, link, peer.address.host))

    def _exchange(self, peer: SimulatedPeer, address: PeerAddress) -> list[Effect]:
        """Exchange samples at once; returns what the peer that began is to do because of it."""
        other, now = self.peers.get(address.name), self._queue.now
        if other is None or not (other.is_alive and _is_dialable(peer, other)):
            return peer.overlay.handle(events.ExchangeFailed(address), now)
        ours, theirs = self._sample(peer, address), self._sample(other, peer.address)
        self._count(ours, other, 0.0)
        self._count(theirs, peer, 0.0)
        self.feed(other, events.PeersExchanged(peer.address, ours.peers, False, ours.closed))
        return peer.overlay.handle(
            events.PeersExchanged(address, theirs.peers, is_dialed=True), now
        )

    def _sample(self, peer: SimulatedPeer, to: PeerAddress) -> Peers:
        """Have a peer give addresses to another one."""
        return peer.overlay.sample(to)

    def _send(self, peer: SimulatedPeer, link: LinkId, message: Message) -> None:
        end = peer.ends.get(link)
        if end is not None:
            self._count(message, end.peer, end.latency)
            self.later(end.latency, self._receive, end.peer, end.link, message)

    def _receive(self, peer: SimulatedPeer, link: LinkId, message: Message) -> None:
        end = peer.ends.get(link)
        if end is None or not peer.is_alive or not _is_reachable(peer, end.peer):
            return
        match message:
            case Linked():
                self.feed(peer, events.LinkAccepted(link, message))
            case Busy(peers):
                self.feed(peer, events.LinkRefused(link, peers))
            case Bye():
                self._lose(peer, link, message)
            case _:
                self.feed(peer, events.MessageReceived(link, message))

    def _close(self, peer: SimulatedPeer, link: LinkId) -> None:
        end = peer.ends.pop(link, None)
        if end is not None:
            self.later(0.0, self._lose, peer, link, None)
            self.later(end.latency + 0.001, self._cut, end.peer, end.link)

    def _cut(self, peer: SimulatedPeer, link: LinkId) -> None:
        if link in peer.ends:
            self._lose(peer, link, None)

    def _cut_if_parted(self, peer: SimulatedPeer, link: LinkId) -> None:
        end = peer.ends.get(link)
        if end is not None and not _is_reachable(peer, end.peer):
            self._cut(peer, link)

    def _lose(self, peer: SimulatedPeer, link: LinkId, bye: Bye | None) -> None:
        now, is_alive = self._queue.now, peer.is_alive
        effects = peer.overlay.handle(events.ConnectionLost(link, bye), now) if is_alive else []
        peer.ends.pop(link, None)
        self._perform(peer, effects)

    def _count(self, message: Message, to: SimulatedPeer, latency: float) -> None:
        self.lines += 1
        self.observer.sent(message, to.name, self._queue.now + latency)

    def _set_alarm(self, peer: SimulatedPeer) -> None:
        due = max(self._queue.now, peer.overlay.wake_at)
        # An earlier alarm sets the next one when it comes.
        if due < peer.alarm_at:
            peer.alarm_at = due
            self.later(due - self._queue.now, self._wake, peer, due)

    def _wake(self, peer: SimulatedPeer, due: float) -> None:
        if peer.is_alive and peer.alarm_at == due:
            peer.alarm_at = inf
            if peer.overlay.wake_at <= self._queue.now:
                self.feed(peer, events.TimeCame())
            else:
                self._set_alarm(peer)


def _is_reachable(one: SimulatedPeer, other: SimulatedPeer) -> bool:
    return one.side == other.side


def _is_dialable(one: SimulatedPeer, other: SimulatedPeer) -> bool:
    return _is_reachable(one, other) and not other.is_closed
