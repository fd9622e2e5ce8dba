"""Long faults of simulated networks: a cut, churn, liars; and the figures of them."""

from collections.abc import Iterator
from typing import Final

from benchmarks.simulated.liars import Liars
from benchmarks.simulated.lives import Copies, Figures, formed, shape
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.simulation.simulated_peer import SimulatedPeer
from p2p_twisted.wire.names import PeerName

_CUT_SECONDS: Final = 1_800.0
_LONGEST_SECONDS: Final = 300.0
_CHURN_SECONDS: Final = 300
_SESSION_SECONDS: Final = 120.0
_LEAVING_SECONDS: Final = 0.2
_BETWEEN_SECONDS: Final = 5
_FOR_ALL_SECONDS: Final = 30.0
_LIES_SECONDS: Final = 300
_LATE_SECONDS: Final = 120.0


def merging(peers: int, seed: int, has_registry: bool) -> float:
    """Cut a network in halves for half an hour; return how many seconds it takes to merge."""
    network = formed(peers, seed)
    network.run(60.0)
    shape(network)
    network.has_registry = has_registry
    half = {peer.name for peer in network.rng.sample(network.alive, peers // 2)}
    network.part(lambda peer: int(peer.name in half))
    network.run(_CUT_SECONDS)
    network.join()
    began = network.now
    while (
        len(network.component(network.alive[0])) < peers and network.now - began < _LONGEST_SECONDS
    ):
        network.run(0.5)
    return network.now - began


def churn(peers: int, seed: int) -> Figures:
    """Have peers stay for two minutes on average, and half of those that go crash."""
    network = formed(peers, seed)
    network.run(60.0)
    shape(network)
    assert isinstance(network.observer, Copies)
    before, peer_seconds = network.observer.membership, 0
    ends = (network.crash, network.die_silently, network.leave, network.leave)
    sent: list[tuple[str, list[SimulatedPeer]]] = []
    soon: list[float] = []
    alone = _Spans()
    for second in range(_CHURN_SECONDS + int(_FOR_ALL_SECONDS)):
        if second < _CHURN_SECONDS:
            for peer in network.alive:
                if network.rng.random() < 1 / _SESSION_SECONDS:
                    network.rng.choice(ends)(peer)
                    network.add(f"x{len(network.peers)}")
        # A peer that has left is gone by then, and does not broadcast.
        network.run(_LEAVING_SECONDS)
        if second % _BETWEEN_SECONDS == 0:
            soon += [reach(id_, audience) for id_, audience in sent[-1:]]
            if second < _CHURN_SECONDS:
                audience = network.alive
                # A newcomer without links cannot reach any peer.
                sender = network.rng.choice([peer for peer in audience if peer.neighbors])
                sent.append((network.publish(sender), audience))
        network.run(1.0 - _LEAVING_SECONDS)
        peer_seconds += len(network.alive)
        alone.note(network.now, (peer.name for peer in network.alive if not peer.neighbors))
    return {
        "churn: reached in 5 s": min(soon),
        "churn: reached in 30 s and more": min(reach(id_, audience) for id_, audience in sent),
        "churn: longest without a link, s": alone.longest,
        "churn: lines a second and peer for membership": (network.observer.membership - before)
        / peer_seconds,
    }


def lies(peers: int, seed: int) -> Figures:
    """Make three of ten peers lie, and measure the honest ones among themselves."""
    network = Liars(seed, observer=Copies())
    network.add_many(peers, apart=10.0 / peers)
    network.run(60.0)
    honest, cut_off = network.honest, _Spans()
    sent: list[str] = []
    soon: list[float] = []
    for second in range(_LIES_SECONDS + int(_LATE_SECONDS)):
        if second % _BETWEEN_SECONDS == 0:
            soon += [reach(id_, honest) for id_ in sent[-1:]]
            if second < _LIES_SECONDS:
                sent.append(network.publish(network.rng.choice(honest)))
        network.run(1.0)
        cut_off.note(network.now, outside(network, honest))
    return {
        "three of ten lie: honest ones reached in 5 s": min(soon),
        "three of ten lie: honest ones reached in 120 s": min(reach(i, honest) for i in sent),
        "three of ten lie: longest without an honest way to the others, s": cut_off.longest,
    }


class _Spans:
    """Measures how long a condition lasts for any peer at most, checked once a second."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._since: dict[PeerName, float] = {}

    def note(self, now: float, names: Iterator[PeerName]) -> None:
        """Record for which peers the condition holds now."""
        self._since = {name: self._since.get(name, now) for name in names}
        lasting = (now - since for since in self._since.values())
        self.longest = max([self.longest, *lasting])


def reach(id_: str, audience: list[SimulatedPeer]) -> float:
    """Return the share of peers present all the time that have a broadcast."""
    stayed = [peer for peer in audience if peer.is_alive]
    return sum(id_ in peer.delivered for peer in stayed) / len(stayed)


def outside(network: SimulatedNetwork, honest: list[SimulatedPeer]) -> Iterator[PeerName]:
    """Return the honest peers that no path of honest peers links with most honest ones."""
    names = {peer.name for peer in honest}
    left = set(names)
    largest: set[PeerName] = set()
    while len(left) > len(largest):
        part, fresh = set(), [left.pop()]
        while fresh:
            name = fresh.pop()
            part.add(name)
            found = (network.peers[name].neighbors & names) - part
            fresh += found - set(fresh)
        left -= part
        largest = max(largest, part, key=len)
    return iter(names - largest)
