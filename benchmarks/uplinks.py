"""
Measure one holder, and many downloaders of the same file, each behind an uplink of 80 Mbit/s.

    python -m benchmarks.uplinks --sizes 32,256

Each is in a network namespace of its own, so this needs root. Every byte has to
leave the holder once: no way can be faster than the time that this takes, F/u.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from statistics import median
from typing import Final

from benchmarks.contenders.swarms import Libtorrent, OurSwarm, Swarm
from benchmarks.contenders.tools import Tools
from benchmarks.lab.hosts import Uplinks
from benchmarks.lab.lab import Lab
from benchmarks.lab.machine import MIB, write_content
from benchmarks.tables.figures import SPREAD, load, markdown, spread
from benchmarks.tables.options import parser, run_in_namespaces, sizes
from benchmarks.tables.runs import side_by_side
from p2p_twisted.cli.signals import Signals

CONTENDERS: Final[tuple[type[Swarm], ...]] = (OurSwarm, Libtorrent)
_BITS_PER_BYTE: Final = 8


def tables(options: Namespace, signals: Signals) -> None:
    """Measure at all sizes."""
    for size in options.sizes:
        table(signals, options, size, CONTENDERS)


def table(signals: Signals, options: Namespace, size: int, kinds: Sequence[type[Swarm]]) -> None:
    """Measure some ways to give a file of one size to all, and print the table."""
    tools, count, uplink = Tools(options.rivals), options.receivers, options.uplink
    least = size * _BITS_PER_BYTE / (uplink * 1e6)
    with Uplinks(1 + count, f"{uplink}mbit") as there, Lab(signals, options.directory) as lab:
        # p2p push finds a peer by its name, which no other one of this user should have.
        source = lab.directory / "uplink-holder" / "file.bin"
        write_content(source, size)
        hosts = [there.hub, *there.hosts]
        contenders = [kind(lab, tools, source, hosts) for kind in tools.choose(kinds)]
        samples = side_by_side(contenders, options.rounds, count * size)
    print(
        f"\n{size // MIB} MiB from one to {count}, uplinks of {uplink} Mbit/s, F/u {least:.2f} s;"
    )
    print(f"{load(samples.values())}\n")
    body = [
        (name, f"{median(run.seconds for run in runs) / least:.2f}", *spread(runs))
        for name, runs in samples.items()
    ]
    print(markdown(("", "time / (F/u)", *SPREAD), body))


def uplink_parser(about: str | None, receivers: int) -> ArgumentParser:
    """
    Make the parser of what such a table depends on.

    :param receivers: how many there are unless others are said.
    """
    known = parser(about)
    known.add_argument("--receivers", type=int, default=receivers)
    known.add_argument("--uplink", type=int, default=80, help="Mbit/s")
    return known


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    known = uplink_parser(__doc__, receivers=8)
    known.add_argument("--sizes", type=sizes, default=sizes("32,256"), help="MiB, MiB, ...")
    options = known.parse_args(arguments)
    run_in_namespaces(tables, options)


if __name__ == "__main__":
    main()
