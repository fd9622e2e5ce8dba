"""
Place the peers of a network in a picture.

Links of the tree pull peers together, other links hardly do, and all peers repel each other
(Fruchterman and Reingold, 1991). At the start, the tree is drawn in circles around its middle:
so nothing is entangled, and few steps are enough.
"""

from cmath import rect
from collections.abc import Iterable, Mapping
from math import pi
from typing import Final

from p2p_twisted.simulation.graph import Edge, distances
from p2p_twisted.wire.names import PeerName

_STEPS: Final = 90
_FIRST_STEP: Final = 1.5
_LAZY_PULL: Final = 0.001
_TO_THE_MIDDLE: Final = 0.05
_PUSH_REACH: Final = 6.0
_NOT_ZERO: Final = 1e-6

Places = dict[PeerName, complex]
_Neighbors = Mapping[PeerName, list[PeerName]]


def layout(names: Iterable[PeerName], links: Iterable[Edge], tree: Iterable[Edge]) -> Places:
    """
    Place peers within the circle around 0 with radius 1.

    It takes about a second for 200 peers, and four times as long for twice as many.
    """
    names, links, tree = list(names), list(links), frozenset(tree)
    # Links of the tree first, each kind in its given order, as a set's differs between runs.
    places = _circles(names, sorted(links, key=lambda link: link not in tree))
    pulls = [(one, other, 1.0 if (one, other) in tree else _LAZY_PULL) for one, other in links]
    for step in range(_STEPS):
        _relax(places, pulls, _FIRST_STEP * (1 - step / _STEPS))
    middle = sum(places.values()) / max(1, len(places))
    farthest = max((abs(place - middle) for place in places.values()), default=0.0) or 1.0
    return {name: (place - middle) / farthest for name, place in places.items()}


def _relax(places: Places, pulls: list[tuple[PeerName, PeerName, float]], longest: float) -> None:
    """Move every peer by the forces on it, but by no more than ``longest``."""
    points, reach = list(places.values()), _PUSH_REACH * _PUSH_REACH
    moves = [-_TO_THE_MIDDLE * point for point in points]
    for index, point in enumerate(points):
        move = 0j
        for before in range(index):
            away = point - points[before]
            squared = away.real * away.real + away.imag * away.imag
            if squared < reach:
                push = away * (1 / (squared + _NOT_ZERO) - 1 / reach)
                move += push
                moves[before] -= push
        moves[index] += move
    by_name = dict(zip(places, moves, strict=True))
    for one, other, strength in pulls:
        apart = places[other] - places[one]
        pull = apart * abs(apart) * strength
        by_name[one] += pull
        by_name[other] -= pull
    for name, move in by_name.items():
        places[name] += move * min(1.0, longest / (abs(move) + _NOT_ZERO))


def _circles(names: list[PeerName], edges: list[Edge]) -> Places:
    """Place a spanning forest in circles; the width of a branch is its number of leaves."""
    neighbors = _forest(names, edges)
    roots: list[PeerName] = []
    order: dict[PeerName, int] = {}
    for name in names:
        if name not in order:
            roots.append(_middle(neighbors, name))
            order.update(distances(neighbors, roots[-1]))
    children = {
        name: [other for other in others if order[other] > order[name]]
        for name, others in neighbors.items()
    }
    # If there are several parts, their roots are on the first circle.
    lift = 0 if len(roots) == 1 else 1
    widths: dict[PeerName, int] = {}
    for name in sorted(order, key=order.__getitem__, reverse=True):
        widths[name] = sum(widths[child] for child in children[name]) or 1
    places: Places = {}
    turn = 2 * pi / max(1, sum(widths[root] for root in roots))
    spans = _spread(roots, widths, 0.0, turn)
    while spans:
        name, start = spans.pop()
        places[name] = rect(order[name] + lift, start + widths[name] * turn / 2)
        spans += _spread(children[name], widths, start, turn)
    return {name: places[name] for name in names}


def _spread(
    names: list[PeerName], widths: dict[PeerName, int], start: float, turn: float
) -> list[tuple[PeerName, float]]:
    spans = []
    for name in names:
        spans.append((name, start))
        start += widths[name] * turn
    return spans


def _forest(names: list[PeerName], edges: list[Edge]) -> _Neighbors:
    """Keep the first edges that close no circle (Kruskal, 1956)."""
    part = {name: name for name in names}
    neighbors: dict[PeerName, list[PeerName]] = {name: [] for name in names}

    def find(name: PeerName) -> PeerName:
        while part[name] != name:
            part[name] = part[part[name]]
            name = part[name]
        return name

    for one, other in edges:
        if find(one) != find(other):
            part[find(one)] = find(other)
            neighbors[one].append(other)
            neighbors[other].append(one)
    return neighbors


def _middle(neighbors: _Neighbors, start: PeerName) -> PeerName:
    """Find the middle of the longest path in a tree."""
    one_end = list(distances(neighbors, start))[-1]
    hops = distances(neighbors, one_end)
    name = list(hops)[-1]
    for _ in range(hops[name] // 2):
        name = next(other for other in neighbors[name] if hops[other] < hops[name])
    return name
