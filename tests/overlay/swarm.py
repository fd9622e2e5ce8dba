"""Many of the overlay's machines on one simulated clock, for tests."""

import heapq
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from random import Random

from attrs import define, field

from p2p_twisted.overlay.asking import Asking, Known
from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import (
    Answer,
    Arrived,
    Close,
    Deliver,
    Dial,
    Effect,
    LinkId,
    NeighborDown,
    NeighborUp,
    Send,
    Trade,
)
from p2p_twisted.overlay.machine import Overlay
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import (
    Ask,
    Busy,
    Bye,
    Gossip,
    Hit,
    Link,
    Linked,
    Message,
    PeerRecord,
    Refuse,
    Want,
)
from p2p_twisted.wire.names import PeerAddress, PeerName


@define(eq=False)
class SimulatedPeer:
    """One peer: its machine, its files, and what it has seen."""

    address: PeerAddress
    overlay: Overlay
    files: tuple[str, ...] = ()
    delivered: list[Gossip] = field(factory=list)
    arrived: list[Want | Refuse] = field(factory=list)
    answers: list[Answer] = field(factory=list)
    is_alive: bool = True

    @property
    def name(self) -> PeerName:
        return self.address.name

    @property
    def neighbors(self) -> set[PeerName]:
        return {address.name for address in self.overlay.membership.links.values()}


@define
class Swarm:
    """
    Peers, the connections between them, and time.

    A crash is noticed by neighbors after one latency; silent death only after
    15 s, when the pings have gone unanswered.
    """

    seed: int = 1
    now: float = 1_000.0
    peers: dict[PeerName, SimulatedPeer] = field(factory=dict)
    lines: int = 0
    _events: list[tuple[float, int, Callable[[], None]]] = field(factory=list)
    _order: "count[int]" = field(factory=count)
    _ids: "count[int]" = field(factory=lambda: count(1))
    # Each connection has one number at either end.
    _ends: dict[LinkId, tuple[SimulatedPeer, LinkId]] = field(factory=dict)
    rng: Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.rng = Random(self.seed)

    @property
    def alive(self) -> list[SimulatedPeer]:
        return [peer for peer in self.peers.values() if peer.is_alive]

    def add(self, name: PeerName, files: tuple[str, ...] = ()) -> SimulatedPeer:
        """Start a peer, introduced to up to 8 random live ones."""
        address = PeerAddress(name, "127.0.0.1", 10_000 + len(self.peers))
        rng = Random(self.rng.random())
        passive = PassiveView(address, Book(rng.randbytes(16)), rng)
        membership = Membership(address, passive, self._ids, rng)
        peer = SimulatedPeer(
            address, Overlay(membership, Asking(lambda ask: know(peer, ask))), files
        )
        others = [other.address for other in self.alive]
        self.peers[name] = peer
        referrals = self.rng.sample(others, min(limits.REFERRALS, len(others)))
        self.introduce(peer, referrals)
        return peer

    def add_many(self, number: int, apart: float = 0.05) -> None:
        for index in range(number):
            self.add(f"p{index}")
            self.run(apart)

    def introduce(self, peer: SimulatedPeer, referrals: Iterable[PeerAddress]) -> None:
        self._perform(peer, peer.overlay.introduce(referrals, self.now))

    def ask(self, peer: SimulatedPeer, ask: Ask, within: float = 15.0) -> Answer:
        """Ask, and run until the answer has come."""
        self._perform(peer, peer.overlay.ask(ask, self.now))
        end = self.now + within
        while not peer.answers and self.now < end:
            self.run(0.05)
        return peer.answers.pop()

    def publish(self, peer: SimulatedPeer, gossip: Gossip) -> None:
        self._perform(peer, peer.overlay.publish(gossip, self.now))

    def send(self, peer: SimulatedPeer, message: Want | Refuse) -> None:
        self._perform(peer, peer.overlay.send(message))

    def say(self, peer: SimulatedPeer, to: PeerName, message: Message) -> None:
        """Have a peer send its neighbor what no machine of ours would."""
        link = peer.overlay.membership.link_to(to)
        assert link is not None
        self._perform(peer, [Send(link, message)])

    def crash(self, peer: SimulatedPeer, noticed_after: float = 0.02) -> None:
        peer.is_alive = False
        for mine, (other, theirs) in list(self._ends.items()):
            if other is peer and mine in self._ends:
                self._at(noticed_after, partial(self._cut, mine, theirs))

    def die_silently(self, peer: SimulatedPeer) -> None:
        self.crash(peer, noticed_after=limits.DEAD_AFTER_SECONDS)

    def leave(self, peer: SimulatedPeer) -> None:
        peer.overlay.membership.stop()
        links = list(peer.overlay.membership.links)
        self._perform(peer, [Close(link, Bye("leaving")) for link in links])

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = end

    def component(self, start: SimulatedPeer) -> set[PeerName]:
        """Collect whom a flood from a peer would reach."""
        reached, fresh = {start.name}, [start]
        while fresh:
            for name in fresh.pop().neighbors:
                if name not in reached and self.peers[name].is_alive:
                    reached.add(name)
                    fresh.append(self.peers[name])
        return reached

    def one_way_links(self) -> list[tuple[PeerName, PeerName]]:
        return [
            (peer.name, name)
            for peer in self.alive
            for name in peer.neighbors
            if self.peers[name].is_alive and peer.name not in self.peers[name].neighbors
        ]

    # Connections

    def _perform(self, peer: SimulatedPeer, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self._perform_one(peer, effect)
        self._set_alarm(peer)

    def _perform_one(self, peer: SimulatedPeer, effect: Effect) -> None:
        match effect:
            case Send(link, message):
                self._send(link, message)
            case Close(link, bye):
                if bye is not None:
                    self._send(link, bye)
                self._close(peer, link)
            case Dial():
                self._dial(peer, effect)
            case Trade(address):
                self._trade(peer, address)
            case Deliver(gossip):
                peer.delivered.append(gossip)
            case Arrived(_, message):
                peer.arrived.append(message)
            case Answer():
                peer.answers.append(effect)
            case NeighborUp() | NeighborDown():
                pass

    def _dial(self, peer: SimulatedPeer, dial: Dial) -> None:
        other = self.peers[dial.address.name]

        def reach() -> None:
            if not (other.is_alive and peer.is_alive):
                self._at(0.02, lambda: self._lose(peer, dial.link, None))
                return
            theirs = next(self._ids)
            self._ends[dial.link], self._ends[theirs] = (other, theirs), (peer, dial.link)
            link = Link(dial.why, peer.name, peer.address.port, dial.alone)
            host = peer.address.host
            self._perform(other, other.overlay.link_asked(theirs, link, host, self.now))

        self._at(self._latency(), reach)

    def _trade(self, peer: SimulatedPeer, address: PeerAddress) -> None:
        other = self.peers[address.name]
        if not other.is_alive:
            peer.overlay.membership.passive.failed(address, self.now)
            return
        ours = peer.overlay.membership.sample(address)
        theirs = other.overlay.membership.sample(peer.address)
        self._perform(other, other.overlay.traded((peer.address, *ours), self.now))
        self._perform(peer, peer.overlay.traded(theirs, self.now))

    def _send(self, link: LinkId, message: Message) -> None:
        if link in self._ends:
            other, theirs = self._ends[link]
            self.lines += 1
            self._at(self._latency(), lambda: self._receive(other, theirs, message))

    def _receive(self, peer: SimulatedPeer, link: LinkId, message: Message) -> None:
        if not peer.is_alive or link not in self._ends:
            return
        match message:
            case Linked():
                effects = peer.overlay.link_accepted(link, message, self.now)
            case Busy(peers):
                effects = peer.overlay.link_refused(link, peers, self.now)
            case Bye():
                del self._ends[link]
                effects = peer.overlay.lost(link, message, self.now)
            case _:
                effects = peer.overlay.received(link, message, self.now)
        self._perform(peer, effects)

    def _close(self, peer: SimulatedPeer, link: LinkId) -> None:
        end = self._ends.pop(link, None)
        if end is not None:
            other, theirs = end
            self._at(0.0, lambda: self._lose(peer, link, None))
            self._at(self._latency() + 0.05, lambda: self._lose(other, theirs, None))

    def _cut(self, mine: LinkId, theirs: LinkId) -> None:
        peer, _ = self._ends.pop(theirs, (None, 0))
        self._ends.pop(mine, None)
        if peer is not None:
            self._lose(peer, mine, None)

    def _lose(self, peer: SimulatedPeer, link: LinkId, bye: Bye | None) -> None:
        self._ends.pop(link, None)
        if peer.is_alive:
            self._perform(peer, peer.overlay.lost(link, bye, self.now))

    # Time

    def _at(self, wait: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + wait, next(self._order), event))

    def _set_alarm(self, peer: SimulatedPeer) -> None:
        due = peer.overlay.wake_at

        def wake() -> None:
            if peer.is_alive and peer.overlay.wake_at == due:
                self._perform(peer, peer.overlay.wake(self.now))

        self._at(max(0.0, due - self.now), wake)

    def _latency(self) -> float:
        # One for all keeps each connection's messages in order.
        return 0.02


def know(peer: SimulatedPeer, ask: Ask) -> Known:
    """Answer as the simulated peer would."""
    if ask.what == "topo":
        return Known(peers=(PeerRecord(peer.name, tuple(sorted(peer.neighbors))),))
    return Known(
        hits=tuple(Hit(peer.name, f, 1, file="0" * 64) for f in peer.files if ask.text in f)
    )
