"""
Very many peers' overlay machines, without their daemons, on a simulated clock.

What runs is the code that ships: :class:`~p2p_twisted.overlay.overlay.Overlay`.
Connections, the registry and what befalls the network are simulated. The same
seed gives the same run.
"""

import hashlib
from collections.abc import Callable
from math import inf
from typing import Final

from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import Answer, Close, LinkId, Send
from p2p_twisted.overlay.events import (
    Asked,
    Dispatched,
    FellSilent,
    GossipPublished,
    LinkingEnded,
    Referred,
)
from p2p_twisted.overlay.overlay import make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.simulation.simulated_peer import LONGEST_LATENCY, SimulatedPeer
from p2p_twisted.simulation.wiring import Wiring
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Ask, Bye, Gossip, Message, Refuse, Want
from p2p_twisted.wire.names import MessageId, PeerAddress, PeerName

_NOTICED_SECONDS: Final = (limits.DEAD_AFTER_SECONDS, limits.DEAD_AFTER_SECONDS + 5.0)
# A ping is sent six seconds after the death at the latest, and is overdue after two.
_OVERDUE_BEFORE_SECONDS: Final = _NOTICED_SECONDS[1] - limits.PING_LATER_SECONDS - 2.0
_LOOPBACKS: Final = 250


def loopback(number: int) -> str:
    """Return the address of one of very many hosts."""
    network, host = divmod(number, _LOOPBACKS)
    return f"127.{network // 256}.{network % 256}.{host + 1}"


class SimulatedNetwork(Wiring):
    """
    Peers to start, to have speak, and to harm.

    A crash resets connections: the neighbors know after one latency. A silent death is
    noticed when pings have gone unanswered for 15 to 20 s.
    """

    @property
    def alive(self) -> list[SimulatedPeer]:
        """The peers that run."""
        return [peer for peer in self.peers.values() if peer.is_alive]

    # What to do with them

    def add(
        self, name: PeerName, files: tuple[str, ...] = (), is_closed: bool = False
    ) -> SimulatedPeer:
        """
        Start a peer; the registry refers it to up to 8 random others.

        :param is_closed: whether others cannot dial it.
        """
        address = PeerAddress(name, loopback(len(self.peers)), 9_000)
        passive = PassiveView(address, Book(self._dice.randbytes(16)), self._dice)
        peer = SimulatedPeer(address, files, is_closed)
        peer.overlay = make_overlay(passive, self._ids, self._dice)
        referrals = self._registry.join(peer)
        self.peers[name] = peer
        self.feed(peer, Referred(tuple(referrals)))
        return peer

    def add_many(self, number: int, apart: float = 0.05) -> None:
        """Start peers ``p0``, ``p1`` and so on, one after the other."""
        for index in range(number):
            self.add(f"p{index}")
            self.run(apart)

    def new_id(self) -> MessageId:
        """Draw an id for a broadcast or a query."""
        return self.rng.randbytes(16).hex()

    def publish(self, peer: SimulatedPeer, urgent: bool = False) -> MessageId:
        """Have a peer broadcast something."""
        gossip = Gossip(self.new_id(), "note", peer.name, 0.0, 120.0, urgent=urgent)
        self.tell(peer, gossip)
        return gossip.id

    def tell(self, peer: SimulatedPeer, gossip: Gossip) -> None:
        """Have a peer broadcast this."""
        peer.delivered[gossip.id] = (self.now, 0)
        self.feed(peer, GossipPublished(gossip))

    def put(self, peer: SimulatedPeer, ask: Ask, patience: float = inf) -> None:
        """Have a peer ask; its answer will be among its answers."""
        self.feed(peer, Asked(ask, patience))

    def ask(self, peer: SimulatedPeer, ask: Ask, patience: float = inf) -> Answer:
        """Ask, and run until the answer has come."""
        self.put(peer, ask, patience)
        self._queue.run_until(lambda: ask.id in peer.answers, inf)
        return peer.answers[ask.id][1]

    def send(self, peer: SimulatedPeer, message: Want | Refuse) -> None:
        """Have a peer send something along its route."""
        self.feed(peer, Dispatched(message))

    def say(self, peer: SimulatedPeer, to: PeerName, message: Message) -> None:
        """Have a peer send its neighbor what no machine of ours would send."""
        link = peer.overlay.membership.links.link_to(to)
        assert link is not None
        self._perform(peer, [Send(link, message)])

    def crash(self, peer: SimulatedPeer) -> None:
        """Kill a peer; its connections are reset."""
        peer.is_alive = False
        for end in peer.ends.values():
            self.later(end.latency, self._cut, end.peer, end.link)

    def die_silently(self, peer: SimulatedPeer) -> None:
        """Have a peer vanish: nothing comes from it any more, not even a reset."""
        peer.is_alive, peer.is_silent = False, True
        for end in peer.ends.values():
            noticed = self.rng.uniform(*_NOTICED_SECONDS)
            self.later(noticed - _OVERDUE_BEFORE_SECONDS, self._fall_silent, end.peer, end.link)
            self.later(noticed, self._cut, end.peer, end.link)

    def leave(self, peer: SimulatedPeer) -> None:
        """Have a peer leave in order."""
        self.feed(peer, LinkingEnded())
        self._registry.leave(peer)
        links = list(peer.overlay.membership.links)
        self._perform(peer, [Close(link, Bye("leaving")) for link in links])
        self.later(2 * LONGEST_LATENCY, self._end, peer)

    def part(self, sides: Callable[[SimulatedPeer], int]) -> None:
        """Cut the network; what was between the sides is noticed as a silent death is."""
        for peer in self.alive:
            peer.side = sides(peer)
        for peer in self.alive:
            for link, end in peer.ends.items():
                if peer.side != end.peer.side:
                    wait = self.rng.uniform(*_NOTICED_SECONDS)
                    self.later(wait, self._cut_if_parted, peer, link)

    def join(self) -> None:
        """Let every peer reach every other one again."""
        for peer in self.peers.values():
            peer.side = 0

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self._queue.run(seconds)

    # What to see

    def component(self, start: SimulatedPeer) -> set[PeerName]:
        """Collect the peers that a flood from a peer would reach."""
        reached, fresh = {start.name}, [start]
        while fresh:
            for name in fresh.pop().neighbors:
                if name not in reached and self.peers[name].is_alive:
                    reached.add(name)
                    fresh.append(self.peers[name])
        return reached

    def one_way_links(self) -> list[tuple[PeerName, PeerName]]:
        """List the links that one end knows and the other end, which runs, does not."""
        return [
            (peer.name, name)
            for peer in self.alive
            for name in sorted(peer.neighbors)
            if self.peers[name].is_alive and peer.name not in self.peers[name].neighbors
        ]

    def reach(self, id_: MessageId) -> float:
        """Return what share of the peers that run have a broadcast."""
        alive = self.alive
        return sum(id_ in peer.delivered for peer in alive) / len(alive)

    def trace(self) -> str:
        """Hash the state of every peer: the same for the same seed, on any machine."""
        digest = hashlib.sha256(f"{self.now:.9f} {self.lines}".encode())
        for peer in self.peers.values():
            state = (peer.name, peer.is_alive, sorted(peer.neighbors), sorted(peer.delivered))
            digest.update(repr(state).encode())
        return digest.hexdigest()

    def _fall_silent(self, peer: SimulatedPeer, link: LinkId) -> None:
        if peer.is_alive and link in peer.ends:
            self.feed(peer, FellSilent(link))

    def _end(self, peer: SimulatedPeer) -> None:
        peer.is_alive = False
