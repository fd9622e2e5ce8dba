"""Choose which peers of a large network to draw."""

from collections.abc import Iterable
from typing import Final

from p2p_twisted.simulation.graph import Graph, distances
from p2p_twisted.wire.names import PeerName

MOST_DRAWN: Final = 300
"""More peers would be unreadable, and take long to place."""


def drawn_of(graph: Graph) -> Graph:
    """Keep the peers nearest to the first one along the tree, then the nearest by other links."""
    if len(graph.sides) <= MOST_DRAWN:
        return graph
    start = next(iter(graph.sides))
    tree = tuple(link for link in graph.links if link in graph.tree)
    near = list(distances(Graph(graph.sides, tree, graph.tree).neighbors(), start))
    near += distances(graph.neighbors(), start)
    return within(graph, list(dict.fromkeys(near))[:MOST_DRAWN])


def within(graph: Graph, names: Iterable[PeerName]) -> Graph:
    """Keep some of a graph's peers, and the links between them."""
    chosen = {name: graph.sides[name] for name in names if name in graph.sides}
    links = tuple(link for link in graph.links if link[0] in chosen and link[1] in chosen)
    return Graph(chosen, links, graph.tree.intersection(links))
