"""
Give a file to many at once, each behind an uplink of 80 Mbit/s, and wait until all have it.

    python -m benchmarks.to_all --receivers 32 --size 256

Each is in a network namespace of its own, so this needs root. Every byte has to leave the sender
once: no way can be faster than the time that this takes, F/u. One by one it takes that for each.
"""

from argparse import Namespace
from collections.abc import Sequence
from statistics import median
from typing import Final

from benchmarks.figures import SPREAD, load, markdown, spread
from benchmarks.hosts import Uplinks
from benchmarks.lab import Lab
from benchmarks.machine import MIB, write_content
from benchmarks.options import parser, run_in_namespaces
from benchmarks.pushers import OurPush, RsyncLoop, ScpAtOnce
from benchmarks.runs import side_by_side
from benchmarks.swarms import Libtorrent, Swarm
from benchmarks.tools import Tools
from p2p_twisted.cli.signals import Signals

CONTENDERS: Final[tuple[type[Swarm], ...]] = (OurPush, Libtorrent, RsyncLoop, ScpAtOnce)
_BITS_PER_BYTE: Final = 8


def table(options: Namespace, signals: Signals) -> None:
    """Measure, and print the table."""
    tools, count, uplink = Tools(options.rivals), options.receivers, options.uplink
    size = options.size * MIB
    least = size * _BITS_PER_BYTE / (uplink * 1e6)
    chosen = [kind for kind in CONTENDERS if not options.only or kind.__name__ in options.only]
    with Uplinks(1 + count, f"{uplink}mbit") as there, Lab(signals, options.directory) as lab:
        source = lab.directory / "push-sender" / "file.bin"
        write_content(source, size)
        hosts = [there.hub, *there.hosts]
        contenders = [kind(lab, tools, source, hosts) for kind in tools.choose(chosen)]
        samples = side_by_side(contenders, options.rounds, count * size)
    print(f"\n{options.size} MiB to {count}, uplinks of {uplink} Mbit/s, F/u {least:.2f} s;")
    print(f"{load(samples.values())}\n")
    body = [
        (name, f"{median(run.seconds for run in runs) / least:.2f}", *spread(runs))
        for name, runs in samples.items()
    ]
    print(markdown(("", "time / (F/u)", *SPREAD), body))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    known = parser(__doc__)
    known.add_argument("--receivers", type=int, default=32)
    known.add_argument("--uplink", type=int, default=80, help="Mbit/s")
    known.add_argument("--size", type=int, default=256, help="MiB")
    known.add_argument("--only", nargs="*", help="classes of contenders")
    options = known.parse_args(arguments)
    run_in_namespaces(table, options)


if __name__ == "__main__":
    main()
