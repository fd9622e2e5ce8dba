"""
Measure one holder, and many downloaders of the same file at once, without any limit.

    python -m benchmarks.swarm --downloaders 8 --size 256
"""

from argparse import Namespace
from collections.abc import Sequence
from typing import Final

from benchmarks.contenders.swarms import Aria2, Libtorrent, OurSwarm, Swarm
from benchmarks.contenders.tools import Tools
from benchmarks.lab.hosts import LOCAL
from benchmarks.lab.lab import Lab
from benchmarks.lab.machine import MIB, write_content
from benchmarks.tables.figures import HEAD, load, markdown, rows
from benchmarks.tables.options import parser, run
from benchmarks.tables.runs import side_by_side
from p2p_twisted.cli.signals import Signals

CONTENDERS: Final[tuple[type[Swarm], ...]] = (OurSwarm, Libtorrent, Aria2)


def table(options: Namespace, signals: Signals) -> None:
    """Measure, and print the table."""
    tools, size, count = Tools(options.rivals), options.size * MIB, options.downloaders
    hosts = [LOCAL] * (2 + count)
    with Lab(signals, options.directory) as lab:
        source = lab.directory / "holder" / "file.bin"
        write_content(source, size)
        contenders = [kind(lab, tools, source, hosts) for kind in tools.choose(CONTENDERS)]
        samples = side_by_side(contenders, options.rounds, count * size)
    print(f"\n{options.size} MiB from one to {count}; {load(samples.values())}\n")
    print(markdown(HEAD, rows(samples, OurSwarm.name)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    known = parser(__doc__)
    known.add_argument("--downloaders", type=int, default=8)
    known.add_argument("--size", type=int, default=256, help="MiB")
    options = known.parse_args(arguments)
    run(table, options)


if __name__ == "__main__":
    main()
