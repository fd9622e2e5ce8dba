"""Faults of simulated networks in the overlay's benchmark, and the figures of them."""

from collections.abc import Callable
from functools import partial
from random import Random
from statistics import fmean
from typing import Final

from p2p_twisted.overlay.expanding_ring import expanding_ring
from p2p_twisted.simulation.graph import graph_of, shape_of
from p2p_twisted.simulation.observation import Observer
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.simulation.simulated_peer import SimulatedPeer
from p2p_twisted.simulation.traffic import LineCount
from p2p_twisted.wire.limits import ASK_HOPS
from p2p_twisted.wire.messages import Ask, Busy, Bye, Link, Linked, Message, Peers, Told
from p2p_twisted.wire.names import MessageId, PeerName

Figures = dict[str, float]
Change = Callable[[SimulatedNetwork], None]
Apart = Callable[[Callable[[], Figures]], Figures]

MOMENTS: Final = (1, 5, 10, 30, 60)
_WITH_REGISTRY: Final = "with a registry"
FAULTS: Final = (
    ("crash of 30 %", 0.3, False),
    ("crash of 50 %", 0.5, False),
    ("crash of 80 %", 0.8, False),
    ("crash of 90 %", 0.9, False),
    ("crash of 95 %", 0.95, False),
    (f"crash of 95 %, {_WITH_REGISTRY}", 0.95, False),
    ("silent death of 30 %", 0.3, True),
    ("silent death of 50 %", 0.5, True),
    ("silent death of 80 %", 0.8, True),
)
_SHAPING: Final = 6
_COMMON_FINDS: Final = 300
_RARE_FINDS: Final = 20


class Copies(Observer):
    """
    Counts what is sent.

    :ivar membership: how many lines were about links.
    :ivar hits: when the first hit for each question arrived at each peer.
    """

    def __init__(self) -> None:
        self.traffic = LineCount()
        self.membership = 0
        self.hits: dict[tuple[MessageId, PeerName], float] = {}

    def sent(self, message: Message, to: PeerName, at: float) -> None:
        """Count a line."""
        self.traffic.add(message)
        self.membership += isinstance(message, Link | Linked | Busy | Bye | Peers)
        if isinstance(message, Told) and message.hits:
            self.hits.setdefault((message.id, to), at)


def as_shipped(_network: SimulatedNetwork) -> None:
    """Leave a network as it is."""


def formed(peers: int, seed: int, change: Change = as_shipped) -> SimulatedNetwork:
    """Form a network in ten seconds."""
    network = SimulatedNetwork(seed, observer=Copies())
    change(network)
    network.add_many(peers, apart=10.0 / peers)
    return network


def shape(network: SimulatedNetwork) -> None:
    """Send broadcasts, which shape the tree."""
    for _ in range(_SHAPING):
        network.publish(network.rng.choice(network.alive))
        network.run(2.0)


def settled(peers: int, seed: int) -> SimulatedNetwork:
    """Form a network, and run it for a minute."""
    network = formed(peers, seed, as_shipped)
    network.run(60.0)
    shape(network)
    return network


def life(peers: int, seed: int, apart: Apart, change: Change = as_shipped) -> Figures:
    """Measure a network without faults, and copies of it with faults."""
    network = formed(peers, seed, change)
    figures = {"lines a peer for joining": network.lines / peers}
    network.run(60.0)
    shape(network)
    for name, share, is_silent in FAULTS:
        reached = apart(partial(fault, network, share, is_silent, name.endswith(_WITH_REGISTRY)))
        figures |= {f"{name} at {key}: reached": value for key, value in reached.items()}
    figures |= apart(partial(named, network))
    return figures | steady(network, apart)


def fault(network: SimulatedNetwork, share: float, is_silent: bool, has_registry: bool) -> Figures:
    """Return the share of survivors that have a broadcast sent at the instant of a fault."""
    network.has_registry = has_registry
    for peer in network.rng.sample(network.alive, int(share * len(network.alive))):
        if is_silent:
            network.die_silently(peer)
        else:
            network.crash(peer)
    id_, began = network.publish(network.rng.choice(network.alive)), network.now
    reached = {}
    for moment in MOMENTS:
        network.run(began + moment - network.now)
        reached[f"{moment} s"] = network.reach(id_)
    id_ = network.publish(network.rng.choice(network.alive))
    network.run(5.0)
    return reached | {"the next one, in 5 s": network.reach(id_)}


def named(network: SimulatedNetwork) -> Figures:
    """Ask right after a tenth died silently; return which peers the answer leaves out."""
    asker, *rest = network.alive
    dead = network.rng.sample(rest, len(rest) // 10)
    for peer in dead:
        network.die_silently(peer)
    answer = network.ask(asker, Ask(network.new_id(), "topo", wait=6.0, tree=0))
    told = set(answer.silent) | {link for record in answer.peers for link in record.links}
    return {
        "asked right after a tenth died silently: living not counted": len(rest)
        - len(dead)
        - answer.answered,
        "asked right after a tenth died silently: dead not named": len(
            {peer.name for peer in dead} - told
        ),
    }


def steady(network: SimulatedNetwork, apart: Apart) -> Figures:
    """Measure a network that is six minutes old, without faults."""
    peers = len(network.alive)
    network.run(240.0)
    before = network.lines
    network.run(60.0)
    graph = shape_of(graph_of(network), Random(network.seed))
    figures = {
        "lines a second and peer for membership": (network.lines - before) / 60.0 / peers,
        "components": graph.components,
        "links that one end does not know": len(network.one_way_links()),
        "fewest links": graph.degree_least,
        "share of peers with 5 links or more": graph.share_of_five,
        "mean number of links": graph.degree_mean,
        "most links": graph.degree_most,
        "mean path, hops": graph.path or 0.0,
    }
    shape(network)
    for kind, urgent in (("broadcast", False), ("urgent broadcast", True)):
        runs = [broadcast(network, urgent) for _ in range(3)]
        figures |= {f"{kind}: {key}": pick(runs, key) for key in runs[0]}
    for kind, tree in (("question along the tree", ASK_HOPS), ("question by every link", 0)):
        runs = [question(network, tree) for _ in range(3)]
        figures |= {f"{kind}: {key}": pick(runs, key) for key in runs[0]}
    return figures | apart(partial(sought, network))


def sought(network: SimulatedNetwork) -> Figures:
    """Search as ``get`` does: for a file that 1 % of peers have, and for one that one peer has."""
    peers = len(network.alive)
    for holder in network.rng.sample(network.alive, peers // 100):
        holder.files = ("common",)
    without = [peer for peer in network.alive if not peer.files]
    common = [
        find(network, asker, "common") for asker in network.rng.choices(without, k=_COMMON_FINDS)
    ]
    rare = []
    for number in range(_RARE_FINDS):
        asker, holder = network.rng.sample(without, 2)
        holder.files = (f"rare{number}",)
        rare.append(find(network, asker, f"rare{number}"))
    return {
        "a file that 1 % have: lines, on average": fmean(lines for lines, _ in common),
        "a file that 1 % have: first hit, s, on average": fmean(first for _, first in common),
        "a file that 1 % have: first hit, s": max(first for _, first in common),
        "a file that one has: lines a peer": max(lines for lines, _ in rare) / peers,
        "a file that one has: first hit, s, on average": fmean(first for _, first in rare),
        "a file that one has: first hit, s": max(first for _, first in rare),
    }


def find(network: SimulatedNetwork, asker: SimulatedPeer, name: str) -> tuple[int, float]:
    """Search for a file; return how many lines that took, and the seconds to the first hit."""
    assert isinstance(network.observer, Copies)
    began, ids = network.now, []
    steps = expanding_ring(Ask(network.new_id(), "name", name), network.new_id)
    step = next(steps)
    while True:
        ids.append(step.ask.id)
        answer = network.ask(asker, step.ask, step.patience)
        try:
            step = steps.send(answer)
        except StopIteration:
            break
    # Lines that are still in flight count, too.
    network.run(0.5)
    hits = network.observer.hits
    first = min(hits[id_, asker.name] for id_ in ids if (id_, asker.name) in hits)
    return sum(network.observer.traffic.asked[id_] for id_ in ids), first - began


def pick(runs: list[Figures], key: str) -> float:
    """Return the worst of some runs."""
    return (min if key == "share reached" else max)(run[key] for run in runs)


def broadcast(network: SimulatedNetwork, urgent: bool = False) -> Figures:
    """Have a peer broadcast."""
    peers, before, began = len(network.alive), network.lines, network.now
    id_ = network.publish(network.rng.choice(network.alive), urgent)
    network.run(5.0)
    came = [peer.delivered[id_] for peer in network.alive if id_ in peer.delivered]
    assert isinstance(network.observer, Copies)
    copies = network.observer.traffic.copies[id_]
    return {
        "share reached": network.reach(id_),
        "last hop": max(hops for _, hops in came),
        "last delivery, s": max(at for at, _ in came) - began,
        "copies in vain for each other": (copies - len(came) + 1) / (len(came) - 1),
        "lines a peer": (network.lines - before) / peers,
    }


def question(network: SimulatedNetwork, tree: int) -> Figures:
    """Have a peer search for what no peer has."""
    peers, before, began = len(network.alive), network.lines, network.now
    ask = Ask(network.new_id(), "text", "nosuch", wait=6.0, tree=tree)
    answer = network.ask(network.rng.choice(network.alive), ask)
    return {
        "not counted": peers - 1 - answer.answered,
        "s": network.now - began,
        "lines a peer": (network.lines - before) / peers,
    }


def crowd(peers: int, seed: int) -> Figures:
    """Have all peers join at once, and measure the graph six minutes later."""
    network = SimulatedNetwork(seed)
    network.add_many(peers, apart=0.0)
    network.run(360.0)
    graph = shape_of(graph_of(network), Random(seed))
    return {"components": graph.components, "mean path, hops": graph.path or 0.0}


def gossip_rounds(peers: int, seed: int, change: Change = as_shipped) -> Figures:
    """Run iroh-gossip's scenarios: one sender, then many in turn, then all of those at once."""
    network = formed(peers, seed, change)
    network.run(60.0)
    figures: Figures = {}
    for scenario in ("one sender", "many senders", "a burst"):
        senders = network.rng.sample(network.alive, 10)
        ids = []
        for sender in senders:
            ids.append(network.publish(senders[0] if scenario == "one sender" else sender))
            network.run(0.0 if scenario == "a burst" else 5.0)
        network.run(5.0)
        hops = [max(p.delivered[i][1] for p in network.alive if i in p.delivered) for i in ids]
        assert isinstance(network.observer, Copies)
        copies = sum(network.observer.traffic.copies[id_] for id_ in ids)
        came = sum(id_ in peer.delivered for id_ in ids for peer in network.alive) - len(ids)
        figures[f"{scenario}: mean last hop"] = sum(hops) / len(hops)
        figures[f"{scenario}: copies in vain for each other"] = (copies - came) / came
        figures[f"{scenario}: deliveries missed"] = len(ids) * (peers - 1) - came
    return figures
