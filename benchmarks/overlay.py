"""
Measure the overlay's shipped machines in virtual time, and compare them with other graphs.

    python -m benchmarks.overlay --peers 1000 --seeds 5

Each figure is that of the worst seed. Times are virtual seconds, and lines are
those that peers send; both are the same on every machine.
"""

import argparse
import gc
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from random import Random
from typing import TypeVar

from benchmarks.simulated.lives import FAULTS, MOMENTS, crowd, gossip_rounds, life, settled
from benchmarks.simulated.ordeals import churn, lies, merging
from benchmarks.simulated.plain import make_plain
from p2p_twisted.simulation.graph import components

T = TypeVar("T")

Links = dict[str, set[str]]
Figures = dict[str, float]

_HIGHER_IS_BETTER = (
    "reached",
    "reached in 5 s",
    "reached in 30 s and more",
    "reached in 120 s",
    "fewest links",
    "share of peers with 5 links or more",
)


def apart(measure: Callable[[], T]) -> T:
    """Measure in a copy of this process, with which its changes to networks and limits end."""
    ours, theirs = get_context("fork").Pipe()
    copy = get_context("fork").Process(target=lambda: theirs.send(measure()))
    copy.start()
    theirs.close()
    result: T = ours.recv()
    copy.join()
    return result


def worst(runs: Sequence[Figures]) -> Figures:
    """Return the worst value of each figure over all runs."""
    return {
        key: (min if key.endswith(_HIGHER_IS_BETTER) else max)(run[key] for run in runs)
        for key in runs[0]
    }


def others(peers: int, seed: int) -> Iterator[tuple[str, Links]]:
    """Make graphs to compare with: a chain, a star, and a random one of degree 5."""
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
    """Return the graph that the shipped machines have formed."""
    return {peer.name: peer.neighbors for peer in settled(peers, seed).alive}


def largest_part(links: Links, dead: set[str]) -> float:
    """Return the share of survivors in the largest part, before any repair."""
    living = {name: links[name] - dead for name in links if name not in dead}
    return max(map(len, components(living))) / len(living)


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(row) + " |", flush=True)
    print()


def print_life(runs: Sequence[Figures]) -> None:
    """Print the figures of the shipped machines, without and after faults."""
    figures = worst(runs)
    after = {key: value for key, value in figures.items() if " at " in key}
    rows = [(key, f"{value:.4g}") for key, value in figures.items() if key not in after]
    print_table(("steady", "worst seed"), rows)
    print_faults("ours", figures)


def print_faults(whose: str, figures: Figures) -> None:
    """Print how far broadcasts came that were sent at the instant of a fault."""
    moments = [*(f"{moment} s" for moment in MOMENTS), "the next one, in 5 s"]
    head = (f"survivors reached by a broadcast sent at the instant of ({whose})", *moments)
    print_table(
        head,
        [
            (fault, *(f"{figures[f'{fault} at {moment}: reached']:.4f}" for moment in moments))
            for fault, _, _ in FAULTS
        ],
    )


def print_ordeals(peers: int, seeds: Sequence[int]) -> None:
    """Print the figures of networks with a cut, churn, or liars."""
    rows = []
    for size in sorted({10, 100, peers}):
        for whose, has_registry in (("with a registry", True), ("without one", False)):
            seconds = max(merging(size, seed, has_registry) for seed in seeds)
            what = f"{size:,} peers, in halves for half an hour, are one again {whose} after, s"
            rows.append((what, f"{seconds:.1f}"))
    for ordeal in (churn, lies):
        figures = worst([apart(partial(ordeal, peers, seed)) for seed in seeds])
        rows += [(key, f"{value:.4g}") for key, value in figures.items()]
    print_table((f"{peers:,} peers go through", "worst seed"), rows)


def print_graphs(peers: int) -> None:
    """Print how graphs fall apart when peers are removed."""
    rows = []
    for name, graph in [*others(peers, 1), ("ours", ours(peers, 1))]:
        shares = []
        for share in (0.1, 0.3, 0.5, 0.8):
            dead = set(Random(2).sample(sorted(graph), int(share * peers)))
            shares.append(f"{largest_part(graph, dead):.3f}")
        rows.append((name, *shares))
    head = ("largest part of the survivors, before any repair", "-10 %", "-30 %", "-50 %", "-80 %")
    print_table(head, rows)


def print_rounds(peers: int, seeds: Sequence[int]) -> None:
    """Print the scenarios that iroh-gossip's own simulator runs."""
    columns = {
        "ours": worst([gossip_rounds(peers, seed) for seed in seeds]),
        "iroh-gossip's parameters": worst(
            [apart(partial(gossip_rounds, peers, seed, make_plain)) for seed in seeds]
        ),
    }
    rows = [(key, *(f"{c[key]:.3g}" for c in columns.values())) for key in columns["ours"]]
    print_table(("scenarios of iroh-gossip's simulator", *columns), rows)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--life-only", action="store_true", help="leave out the comparisons")
    parser.add_argument("--ordeals-only", action="store_true", help="leave out all but those")
    options = parser.parse_args()
    # All objects made here live to the end; collecting garbage took a fifth of the time.
    gc.disable()
    peers, seeds = options.peers, range(1, options.seeds + 1)

    print(f"{peers} peers, the worst of {len(seeds)} seeds\n")
    if options.ordeals_only:
        print_ordeals(peers, seeds)
        return
    print_life([apart(partial(life, peers, seed, apart)) for seed in seeds])
    if options.life_only:
        return
    print_table(
        ("1,000 peers that join at once", "worst seed"),
        [(key, f"{value:.4g}") for key, value in worst([crowd(1_000, s) for s in seeds]).items()],
    )
    plain = [apart(partial(life, peers, s, apart, make_plain)) for s in seeds]
    print_faults("iroh-gossip's parameters", worst(plain))
    print_ordeals(peers, seeds)
    print_rounds(100, seeds)
    print_rounds(peers, seeds)
    print_graphs(peers)
    print(f"{time.process_time():.0f} s of CPU, besides its copies'")


if __name__ == "__main__":
    main()
