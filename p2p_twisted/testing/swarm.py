"""
Very many peers' overlay machines, without their daemons, on a simulated clock.

What runs is the code that ships: :class:`~p2p_twisted.overlay.machine.Overlay`.
Connections, the registry and what befalls the network are simulated. The same
seed gives the same run.
"""

import hashlib
import heapq
from collections.abc import Callable, Iterable
from itertools import count
from math import inf
from random import Random
from typing import Any, Final

from attrs import define, field

from p2p_twisted.overlay.asking import Known
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
from p2p_twisted.overlay.machine import make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.testing.swarmpeer import End, SwarmPeer
from p2p_twisted.testing.watching import Watcher
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import (
    Ask,
    Busy,
    Bye,
    Gossip,
    Link,
    Linked,
    Message,
    Peers,
    Refuse,
    Want,
)
from p2p_twisted.wire.names import MessageId, PeerAddress, PeerName

_SHORTEST_LATENCY: Final = 0.010
_LONGEST_LATENCY: Final = 0.050
_NOTICED_SECONDS: Final = (limits.DEAD_AFTER_SECONDS, limits.DEAD_AFTER_SECONDS + 5.0)
_RENEW_SECONDS: Final = 30.0
_ALONE_SECONDS: Final = 2.0
_LOOPBACKS: Final = 250


@define(eq=False)
class Swarm:
    """
    Peers, the connections between them, and time, in seconds.

    A crash resets connections: its neighbors know after one latency. A silent
    death is noticed when pings have gone unanswered for 15 to 20 s, and a dial to
    the dead costs 2 s. Latencies are 10 to 50 ms, fixed for each pair of peers.

    :ivar has_registry: whether peers can renew their registrations there, every half
        minute and more often while they are alone, and get referrals; it hears of deaths.
    :ivar lines: how many lines peers have sent; pings and greetings are not among them.
    :ivar watcher: is told what happens.
    """

    seed: int = 1
    has_registry: bool = True
    now: float = 1_000.0
    peers: dict[PeerName, SwarmPeer] = field(factory=dict)
    lines: int = 0
    watcher: Watcher = field(factory=Watcher)
    rng: Random = field(init=False)
    # One for all machines: a generator of its own would take a tenth of a peer's memory.
    _dice: Random = field(init=False)
    _events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = field(factory=list)
    _order: "count[int]" = field(factory=count)
    _ids: "count[int]" = field(factory=lambda: count(1))

    def __attrs_post_init__(self) -> None:
        self.rng, self._dice = Random(self.seed), Random(f"dice {self.seed}")

    @property
    def alive(self) -> list[SwarmPeer]:
        """The peers that run."""
        return [peer for peer in self.peers.values() if peer.is_alive]

    # What one does

    def add(self, name: PeerName, files: tuple[str, ...] = ()) -> SwarmPeer:
        """Start a peer; the registry refers it to up to 8 random others."""
        number = len(self.peers)
        host = f"127.0.{number // _LOOPBACKS}.{number % _LOOPBACKS + 1}"
        address = PeerAddress(name, host, 9_000)
        passive = PassiveView(address, Book(self._dice.randbytes(16)), self._dice)

        def know(ask: Ask) -> Known:
            return peer.know(ask)

        def round_trip(link: LinkId) -> float | None:
            return 2 * peer.ends[link].latency if link in peer.ends else None

        overlay = make_overlay(passive, self._ids, self._dice, know, round_trip)
        peer = SwarmPeer(address, overlay, files)
        referrals = self._referrals(peer, limits.REFERRALS)
        self.peers[name] = peer
        peer.renewed_at = self.now
        self._renew_in(self.rng.uniform(0.5, 1.0) * _RENEW_SECONDS, peer)
        self._perform(peer, overlay.introduce(referrals, self.now))
        return peer

    def add_many(self, number: int, apart: float = 0.05) -> None:
        """Start peers ``p0``, ``p1`` and so on, one after the other."""
        for index in range(number):
            self.add(f"p{index}")
            self.run(apart)

    def introduce(self, peer: SwarmPeer, referrals: Iterable[PeerAddress]) -> None:
        """Give a peer addresses, as a registry does."""
        self._perform(peer, peer.overlay.introduce(referrals, self.now))

    def new_id(self) -> MessageId:
        """Draw a name for a broadcast or a question."""
        return self.rng.randbytes(16).hex()

    def publish(self, peer: SwarmPeer, urgent: bool = False) -> MessageId:
        """Have a peer broadcast something."""
        gossip = Gossip(self.new_id(), "note", peer.name, 0.0, 120.0, urgent=urgent)
        self.tell(peer, gossip)
        return gossip.id

    def tell(self, peer: SwarmPeer, gossip: Gossip) -> None:
        """Have a peer broadcast this."""
        peer.delivered[gossip.id] = (self.now, 0)
        self._perform(peer, peer.overlay.publish(gossip, self.now))

    def put(self, peer: SwarmPeer, ask: Ask, patience: float = inf) -> None:
        """Have a peer ask; its answer will be among its answers."""
        self._perform(peer, peer.overlay.ask(ask, self.now, patience))

    def ask(self, peer: SwarmPeer, ask: Ask, patience: float = inf) -> Answer:
        """Ask, and run until the answer has come."""
        self.put(peer, ask, patience)
        while ask.id not in peer.answers and self._events:
            self._happen()
        return peer.answers[ask.id][1]

    def send(self, peer: SwarmPeer, message: Want | Refuse) -> None:
        """Have a peer send something along its route."""
        self._perform(peer, peer.overlay.send(message))

    def say(self, peer: SwarmPeer, to: PeerName, message: Message) -> None:
        """Have a peer send its neighbor what no machine of ours would."""
        link = peer.overlay.membership.link_to(to)
        assert link is not None
        self._perform(peer, [Send(link, message)])

    def crash(self, peer: SwarmPeer) -> None:
        """Kill a peer; its connections are reset."""
        peer.is_alive = False
        for end in peer.ends.values():
            self._at(end.latency, self._cut, end.peer, end.link)

    def die_silently(self, peer: SwarmPeer) -> None:
        """Have a peer vanish: nothing comes from it any more, not even a reset."""
        peer.is_alive, peer.is_silent = False, True
        for end in peer.ends.values():
            self._at(self.rng.uniform(*_NOTICED_SECONDS), self._cut, end.peer, end.link)

    def leave(self, peer: SwarmPeer) -> None:
        """Have a peer leave in order."""
        peer.overlay.membership.stop()
        self._unregister(peer)
        peer.renews_at = inf
        links = list(peer.overlay.membership.links)
        self._perform(peer, [Close(link, Bye("leaving")) for link in links])
        self._at(2 * _LONGEST_LATENCY, self._end, peer)

    def part(self, sides: Callable[[SwarmPeer], int]) -> None:
        """Cut the network; what was between the sides is noticed as a silent death is."""
        for peer in self.alive:
            peer.side = sides(peer)
        for peer in self.alive:
            for link, end in peer.ends.items():
                if peer.side != end.peer.side:
                    wait = self.rng.uniform(*_NOTICED_SECONDS)
                    self._at(wait, self._cut_if_parted, peer, link)

    def join(self) -> None:
        """Let everybody reach everybody again."""
        for peer in self.peers.values():
            peer.side = 0

    def later(self, wait: float, event: Callable[..., None], *args: Any) -> None:
        """Have something happen in so many seconds."""
        self._at(wait, event, *args)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self._happen()
        self.now = end

    # What one sees

    def component(self, start: SwarmPeer) -> set[PeerName]:
        """Collect whom a flood from a peer would reach."""
        reached, fresh = {start.name}, [start]
        while fresh:
            for name in fresh.pop().neighbors:
                if name not in reached and self.peers[name].is_alive:
                    reached.add(name)
                    fresh.append(self.peers[name])
        return reached

    def one_way_links(self) -> list[tuple[PeerName, PeerName]]:
        """List the links that one end knows and the other, which runs, does not."""
        return [
            (peer.name, name)
            for peer in self.alive
            for name in sorted(peer.neighbors)
            if self.peers[name].is_alive and peer.name not in self.peers[name].neighbors
        ]

    def reach(self, id_: MessageId) -> float:
        """Tell what share of the peers that run have a broadcast."""
        alive = self.alive
        return sum(id_ in peer.delivered for peer in alive) / len(alive)

    def trace(self) -> str:
        """Hash what every peer has come to: the same for the same seed, on any machine."""
        digest = hashlib.sha256(f"{self.now:.9f} {self.lines}".encode())
        for peer in self.peers.values():
            state = (peer.name, peer.is_alive, sorted(peer.neighbors), sorted(peer.delivered))
            digest.update(repr(state).encode())
        return digest.hexdigest()

    # Effects

    def _perform(self, peer: SwarmPeer, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(link, message):
                    self._send(peer, link, message)
                case Deliver(gossip):
                    assert gossip.id not in peer.delivered, "delivered twice"
                    peer.delivered[gossip.id] = (self.now, gossip.hops)
                case Close(link, bye):
                    if bye is not None:
                        self._send(peer, link, bye)
                    self._close(peer, link)
                case Dial():
                    self._dial(peer, effect)
                case Trade(address):
                    self._trade(peer, address)
                case Answer(id=id_):
                    peer.answers[id_] = (self.now, effect)
                case Arrived(_, message):
                    peer.arrived.append(message)
                case NeighborUp(_, address):
                    self.watcher.linked(peer.name, address.name)
                case NeighborDown(_, address, has_died):
                    self.watcher.unlinked(peer.name, address.name)
                    self._report(peer, address.name, has_died)
        self._set_alarm(peer)

    def _dial(self, peer: SwarmPeer, dial: Dial) -> None:
        other = self.peers.get(dial.address.name)
        if other is None or other.address != dial.address or not _is_reachable(peer, other):
            self._at(limits.DIAL_SECONDS, self._lose, peer, dial.link, None)
        elif not other.is_alive:
            wait = limits.DIAL_SECONDS if other.is_silent else 2 * self._latency(peer, other)
            self._at(wait, self._lose, peer, dial.link, None)
        else:
            self._at(3 * self._latency(peer, other), self._request, peer, other, dial)

    def _request(self, peer: SwarmPeer, other: SwarmPeer, dial: Dial) -> None:
        if not (peer.is_alive and other.is_alive and _is_reachable(peer, other)):
            self._lose(peer, dial.link, None)
            return
        theirs = next(self._ids)
        latency = self._latency(peer, other)
        peer.ends[dial.link] = End(other, theirs, latency)
        other.ends[theirs] = End(peer, dial.link, latency)
        link = Link(dial.why, peer.name, peer.address.port, dial.alone)
        self._count(link, other, 0.0)
        host = peer.address.host
        self._perform(other, other.overlay.link_asked(theirs, link, host, self.now))

    def _trade(self, peer: SwarmPeer, address: PeerAddress) -> None:
        other = self.peers.get(address.name)
        if other is None or not (other.is_alive and _is_reachable(peer, other)):
            self._perform(peer, peer.overlay.trade_failed(address, self.now))
            return
        ours, theirs = self._sample(peer, address), self._sample(other, peer.address)
        self._count(Peers(peer.name, peer.address.port, ours), other, 0.0)
        self._count(Peers(other.name, other.address.port, theirs), peer, 0.0)
        peer.overlay.membership.passive.met(address)
        self._perform(other, other.overlay.traded((peer.address, *ours), self.now))
        self._perform(peer, peer.overlay.traded(theirs, self.now))

    def _sample(self, peer: SwarmPeer, to: PeerAddress) -> tuple[PeerAddress, ...]:
        """Have a peer give addresses to another one."""
        return peer.overlay.membership.sample(to)

    def _send(self, peer: SwarmPeer, link: LinkId, message: Message) -> None:
        end = peer.ends.get(link)
        if end is not None:
            self._count(message, end.peer, end.latency)
            self._at(end.latency, self._receive, end.peer, end.link, message)

    def _receive(self, peer: SwarmPeer, link: LinkId, message: Message) -> None:
        end = peer.ends.get(link)
        if end is None or not peer.is_alive or not _is_reachable(peer, end.peer):
            return
        match message:
            case Linked():
                effects = peer.overlay.link_accepted(link, message, self.now)
            case Busy(peers):
                effects = peer.overlay.link_refused(link, peers, self.now)
            case Bye():
                self._lose(peer, link, message)
                return
            case _:
                effects = peer.overlay.received(link, message, self.now)
        self._perform(peer, effects)

    def _close(self, peer: SwarmPeer, link: LinkId) -> None:
        end = peer.ends.pop(link, None)
        if end is not None:
            self._at(0.0, self._lose, peer, link, None)
            self._at(end.latency + 0.001, self._cut, end.peer, end.link)

    def _cut(self, peer: SwarmPeer, link: LinkId) -> None:
        if link in peer.ends:
            self._lose(peer, link, None)

    def _cut_if_parted(self, peer: SwarmPeer, link: LinkId) -> None:
        end = peer.ends.get(link)
        if end is not None and not _is_reachable(peer, end.peer):
            self._cut(peer, link)

    def _lose(self, peer: SwarmPeer, link: LinkId, bye: Bye | None) -> None:
        effects = peer.overlay.lost(link, bye, self.now) if peer.is_alive else []
        peer.ends.pop(link, None)
        self._perform(peer, effects)

    def _end(self, peer: SwarmPeer) -> None:
        peer.is_alive = False

    def _count(self, message: Message, to: SwarmPeer, latency: float) -> None:
        self.lines += 1
        self.watcher.sent(message, to.name, self.now + latency)

    # The registry

    def _renew_in(self, wait: float, peer: SwarmPeer) -> None:
        if peer.renews_at == inf:
            return
        peer.renews_at = self.now + wait
        self._at(wait, self._renew, peer, peer.renews_at)

    def _renew(self, peer: SwarmPeer, due: float) -> None:
        if not peer.is_alive or peer.renews_at != due:
            return
        if self._reaches_registry(peer):
            peer.renewed_at = self.now
            referrals = self._referrals(peer, limits.RENEWAL_REFERRALS)
            self._perform(peer, peer.overlay.introduce(referrals, self.now))
        pause = _RENEW_SECONDS if peer.overlay.membership.links else _ALONE_SECONDS
        self._renew_in(self.rng.uniform(0.8, 1.2) * pause, peer)

    def _report(self, peer: SwarmPeer, neighbor: PeerName, has_died: bool) -> None:
        """Tell the registry of a death, which it checks; and ask it for others, if none is left."""
        gone = self.peers.get(neighbor)
        if has_died and self._reaches_registry(peer) and gone is not None and not gone.is_alive:
            self._unregister(gone)
        if not peer.overlay.membership.links:
            self._renew_in(self._latency(peer, peer), peer)

    def _unregister(self, peer: SwarmPeer) -> None:
        if self._reaches_registry(peer):
            peer.renewed_at = -inf

    def _reaches_registry(self, peer: SwarmPeer) -> bool:
        return self.has_registry and peer.side <= 0

    def _referrals(self, peer: SwarmPeer, number: int) -> list[PeerAddress]:
        known = list(self.peers.values())
        drawn: list[PeerAddress] = []
        for _ in range(10 * number):
            other = self.rng.choice(known) if known else peer
            is_current = self.now - other.renewed_at < limits.LEASE_SECONDS
            if other is not peer and is_current and other.address not in drawn:
                drawn.append(other.address)
            if len(drawn) == number:
                break
        return drawn

    # Time

    def _at(self, wait: float, event: Callable[..., None], *args: Any) -> None:
        heapq.heappush(self._events, (self.now + wait, next(self._order), event, args))

    def _happen(self) -> None:
        self.now, _, event, args = heapq.heappop(self._events)
        event(*args)

    def _set_alarm(self, peer: SwarmPeer) -> None:
        due = max(self.now, peer.overlay.wake_at)
        # An earlier alarm sets the next one when it comes.
        if due < peer.alarm_at:
            peer.alarm_at = due
            self._at(due - self.now, self._wake, peer, due)

    def _wake(self, peer: SwarmPeer, due: float) -> None:
        if peer.is_alive and peer.alarm_at == due:
            peer.alarm_at = inf
            is_due = peer.overlay.wake_at <= self.now
            self._perform(peer, peer.overlay.wake(self.now) if is_due else ())

    def _latency(self, one: SwarmPeer, other: SwarmPeer) -> float:
        # By name alone: to compare whole addresses took a third of a run.
        first, second = (one, other) if one.name < other.name else (other, one)
        spread = hash_of(first.address.host + second.address.host)
        return _SHORTEST_LATENCY + (_LONGEST_LATENCY - _SHORTEST_LATENCY) * spread


def _is_reachable(one: SwarmPeer, other: SwarmPeer) -> bool:
    return one.side == other.side


def hash_of(text: str) -> float:
    """Make a number between 0 and 1 of a text, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) / 2**32
