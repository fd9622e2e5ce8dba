"""The network at one moment, and the figures of its shape."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import TYPE_CHECKING, Final

from attrs import frozen

from p2p_twisted.overlay import limits
from p2p_twisted.wire.names import PeerName

if TYPE_CHECKING:
    from p2p_twisted.simulation.simulated_network import SimulatedNetwork

_PATH_SOURCES: Final = 20

Edge = tuple[PeerName, PeerName]


@frozen
class Graph:
    """
    The peers that run, and the links between them.

    :ivar sides: each peer, and which part of a cut network it is in.
    :ivar links: each link that both its ends know, once.
    :ivar tree: those of them that broadcasts pass along.
    """

    sides: Mapping[PeerName, int]
    links: tuple[Edge, ...]
    tree: frozenset[Edge]

    def neighbors(self) -> dict[PeerName, list[PeerName]]:
        """List the neighbors of every peer."""
        neighbors: dict[PeerName, list[PeerName]] = {name: [] for name in self.sides}
        for one, other in self.links:
            neighbors[one].append(other)
            neighbors[other].append(one)
        return neighbors


@frozen
class Shape:
    """
    A graph in figures.

    :ivar peers: how many run.
    :ivar components: how many parts there are without a link between them.
    :ivar largest: how many peers the largest part has.
    :ivar share_of_five: what share of the peers has five links or more.
    :ivar path: the mean distance of two peers, in hops, from a sample; absent where
        there is no link.
    """

    peers: int
    links: int
    tree_links: int
    components: int
    largest: int
    degree_least: int
    degree_mean: float
    degree_most: int
    share_of_five: float
    path: float | None


def graph_of(network: "SimulatedNetwork") -> Graph:
    """Return a network's graph as it is now; links across a cut do not count."""
    alive = {peer.name: peer for peer in network.alive}
    eager: dict[Edge, bool] = {}
    for name, peer in alive.items():
        tree = peer.overlay.broadcast.tree
        for link, neighbor in peer.overlay.membership.links.items():
            other = alive.get(neighbor.address.name)
            if other is not None and other.side == peer.side:
                eager[name, other.name] = tree.is_eager(link)
    links = tuple(edge for edge in eager if edge[0] < edge[1] and edge[::-1] in eager)
    tree_links = frozenset(edge for edge in links if eager[edge] and eager[edge[::-1]])
    return Graph({name: peer.side for name, peer in alive.items()}, links, tree_links)


def shape_of(graph: Graph, rng: Random) -> Shape:
    """Measure a graph; ``rng`` draws the peers from which paths are measured."""
    neighbors = graph.neighbors()
    degrees = [len(others) for others in neighbors.values()]
    parts = components(neighbors)
    return Shape(
        peers=len(degrees),
        links=len(graph.links),
        tree_links=len(graph.tree),
        components=len(parts),
        largest=max(map(len, parts), default=0),
        degree_least=min(degrees, default=0),
        degree_mean=_mean(degrees) or 0.0,
        degree_most=max(degrees, default=0),
        share_of_five=_mean([degree >= limits.LINKS_SOUGHT for degree in degrees]) or 0.0,
        path=_mean_path(neighbors, rng),
    )


def components(neighbors: Mapping[PeerName, Iterable[PeerName]]) -> list[dict[PeerName, int]]:
    """Divide a graph into its connected components."""
    parts: list[dict[PeerName, int]] = []
    known: set[PeerName] = set()
    for name in neighbors:
        if name not in known:
            parts.append(distances(neighbors, name))
            known.update(parts[-1])
    return parts


def distances(
    neighbors: Mapping[PeerName, Iterable[PeerName]], start: PeerName
) -> dict[PeerName, int]:
    """Return how many hops away every peer within reach is, the nearest first."""
    hops, front = {start: 0}, [start]
    while front:
        further: list[PeerName] = []
        for name in front:
            for other in neighbors[name]:
                if other not in hops:
                    hops[other] = hops[name] + 1
                    further.append(other)
        front = further
    return hops


def _mean_path(neighbors: Mapping[PeerName, Iterable[PeerName]], rng: Random) -> float | None:
    names = list(neighbors)
    total = pairs = 0
    for start in rng.sample(names, min(_PATH_SOURCES, len(names))):
        hops = distances(neighbors, start)
        total += sum(hops.values())
        pairs += len(hops) - 1
    return total / pairs if pairs else None


def _mean(values: list[int] | list[bool]) -> float | None:
    return sum(values) / len(values) if values else None
