"""
Measure the overlay's shipped machines in virtual time, beside graphs that others use.

    python benchmarks/overlay.py --peers 1000 --seeds 5

Each figure is that of the worst seed. Times are virtual seconds, and lines are
those that peers send; both are the same on every machine.
"""

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from random import Random

from p2p_twisted.testing.graph import components, graph_of, shape_of
from p2p_twisted.testing.swarm import Swarm
from p2p_twisted.wire.messages import Ask

Links = dict[str, set[str]]

MOMENTS = (1, 5, 10, 30, 60)
FAULTS = (
    ("crash of 30 %", 0.3, False),
    ("crash of 50 %", 0.5, False),
    ("crash of 80 %", 0.8, False),
    ("crash of 90 %", 0.9, False),
    ("crash of 95 %", 0.95, False),
    ("silent death of 30 %", 0.3, True),
    ("silent death of 50 %", 0.5, True),
    ("silent death of 80 %", 0.8, True),
)


def settled(peers: int, seed: int, age: float = 60.0) -> Swarm:
    """Form a network in ten seconds, let it grow so old, and shape its tree."""
    swarm = Swarm(seed)
    swarm.add_many(peers, apart=10.0 / peers)
    swarm.run(age)
    for _ in range(6):
        swarm.publish(swarm.rng.choice(swarm.alive))
        swarm.run(2.0)
    return swarm


def reach_after(peers: int, seed: int, share: float, is_silent: bool) -> list[float]:
    """Tell what share of the survivors have a broadcast sent at the instant of a fault."""
    swarm = settled(peers, seed)
    swarm.has_registry = False
    for peer in swarm.rng.sample(swarm.alive, int(share * peers)):
        if is_silent:
            swarm.die_silently(peer)
        else:
            swarm.crash(peer)
    id_, began = swarm.publish(swarm.rng.choice(swarm.alive)), swarm.now
    reached = []
    for moment in MOMENTS:
        swarm.run(began + moment - swarm.now)
        reached.append(swarm.reach(id_))
    return reached


def steady(peers: int, seed: int) -> dict[str, float]:
    """Measure a network that is six minutes old and has nothing to suffer."""
    swarm = Swarm(seed)
    swarm.add_many(peers, apart=10.0 / peers)
    figures = {"lines a peer for joining": swarm.lines / peers}
    swarm.run(300.0)
    before = swarm.lines
    swarm.run(60.0)
    figures["lines a second and peer for membership"] = (swarm.lines - before) / 60.0 / peers
    shape = shape_of(graph_of(swarm), Random(seed))
    figures["components"] = shape.components
    figures["fewest links"] = shape.degree_least
    figures["most links"] = shape.degree_most
    figures["mean path, hops"] = shape.path or 0.0
    for urgent in (False, False, False, False, True):
        before, began = swarm.lines, swarm.now
        id_ = swarm.publish(swarm.rng.choice(swarm.alive), urgent)
        swarm.run(5.0)
        came = [peer.delivered[id_] for peer in swarm.alive if id_ in peer.delivered]
        kind = "urgent broadcast" if urgent else "broadcast"
        figures[f"{kind}: share reached"] = swarm.reach(id_)
        figures[f"{kind}: last hop"] = max(hops for _, hops in came)
        figures[f"{kind}: last delivery, s"] = max(at for at, _ in came) - began
        figures[f"{kind}: lines a peer"] = (swarm.lines - before) / peers
    for flood in (False, True):
        before, began = swarm.lines, swarm.now
        ask = Ask(swarm.new_id(), "text", "nosuch", wait=6.0, flood=flood)
        answer = swarm.ask(swarm.rng.choice(swarm.alive), ask)
        kind = "question by every link" if flood else "question along the tree"
        figures[f"{kind}: not counted"] = peers - 1 - answer.answered
        figures[f"{kind}: s"] = swarm.now - began
        figures[f"{kind}: lines a peer"] = (swarm.lines - before) / peers
    return figures


def others(peers: int, seed: int) -> Iterator[tuple[str, Links]]:
    """Make graphs that others use: a chain, a star, and a random one of degree 5."""
    names = [f"p{number}" for number in range(peers)]
    yield "the original's chain", links_of(names, pairwise(names))
    yield "a star", links_of(names, ((names[0], name) for name in names[1:]))
    stubs = names * 5
    Random(seed).shuffle(stubs)
    pairs = zip(stubs[::2], stubs[1::2], strict=False)
    yield "a random graph of degree 5", links_of(names, pairs)


def links_of(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> Links:
    """Make a graph of pairs."""
    links: Links = {name: set() for name in names}
    for one, other in pairs:
        links[one].add(other)
        links[other].add(one)
    return links


def ours(peers: int, seed: int) -> Links:
    """Take the graph that the shipped machines have formed."""
    return {peer.name: peer.neighbors for peer in settled(peers, seed).alive}


def largest_part(links: Links, dead: set[str]) -> float:
    """Tell what share of the living the largest part has, before anybody repairs anything."""
    living = {name: links[name] - dead for name in links if name not in dead}
    return max(map(len, components(living))) / len(living)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    peers, seeds = options.peers, range(1, options.seeds + 1)
    began = time.process_time()

    figures = [steady(peers, seed) for seed in seeds]
    worst = {
        key: min(f[key] for f in figures)
        if key.endswith("reached") or key == "fewest links"
        else max(f[key] for f in figures)
        for key in figures[0]
    }
    print(f"{peers} peers, the worst of {len(seeds)} seeds\n")
    print_table(("steady", "worst seed"), [(key, f"{worst[key]:.4g}") for key in worst])

    rows = []
    for name, share, is_silent in FAULTS:
        runs = [reach_after(peers, seed, share, is_silent) for seed in seeds]
        rows.append((name, *(f"{min(column):.4f}" for column in zip(*runs, strict=True))))
    moments = [f"{moment} s" for moment in MOMENTS]
    print_table(("survivors reached by a broadcast sent at the instant of", *moments), rows)

    rows = []
    for name, graph in [*others(peers, 1), ("ours", ours(peers, 1))]:
        shares = []
        for share in (0.1, 0.3, 0.5, 0.8):
            dead = set(Random(2).sample(sorted(graph), int(share * peers)))
            shares.append(f"{largest_part(graph, dead):.3f}")
        rows.append((name, *shares))
    head = ("largest part of the survivors, before any repair", "-10 %", "-30 %", "-50 %", "-80 %")
    print_table(head, rows)
    print(f"{time.process_time() - began:.0f} s of CPU")


if __name__ == "__main__":
    main()
