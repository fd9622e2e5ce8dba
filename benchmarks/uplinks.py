"""
Measure one holder, and many downloaders of the same file, each behind an uplink of 80 Mbit/s.

    python -m benchmarks.uplinks --sizes 32,256

Each is in a network namespace of its own, so this needs root. Every byte has to
leave the holder once: no way can be faster than the time that this takes, F/u.
"""

from argparse import Namespace
from collections.abc import Sequence
from statistics import median
from typing import Final

from benchmarks.figures import SPREAD, load, markdown, spread
from benchmarks.hosts import Uplinks
from benchmarks.lab import Lab
from benchmarks.machine import MIB, write_content
from benchmarks.options import parser, run_in_namespaces, sizes
from benchmarks.runs import side_by_side
from benchmarks.swarms import Libtorrent, OurSwarm, Swarm
from benchmarks.tools import Tools
from p2p_twisted.cli.signals import Signals

CONTENDERS: Final[tuple[type[Swarm], ...]] = (OurSwarm, Libtorrent)
_BITS_PER_BYTE: Final = 8


def tables(options: Namespace, signals: Signals) -> None:
    """Measure at all sizes."""
    for size in options.sizes:
        table(signals, options, size)


def table(signals: Signals, options: Namespace, size: int) -> None:
    """Measure at one size, and print the table."""
    tools, count, uplink = Tools(options.rivals), options.downloaders, options.uplink
    least = size * _BITS_PER_BYTE / (uplink * 1e6)
    with Uplinks(1 + count, f"{uplink}mbit") as there, Lab(signals, options.directory) as lab:
        source = lab.directory / "holder" / "file.bin"
        write_content(source, size)
        hosts = [there.hub, *there.hosts]
        contenders = [kind(lab, tools, source, hosts) for kind in tools.choose(CONTENDERS)]
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    known = parser(__doc__)
    known.add_argument("--downloaders", type=int, default=8)
    known.add_argument("--uplink", type=int, default=80, help="Mbit/s")
    known.add_argument("--sizes", type=sizes, default=sizes("32,256"), help="MiB, MiB, ...")
    options = known.parse_args(arguments)
    run_in_namespaces(tables, options)


if __name__ == "__main__":
    main()
