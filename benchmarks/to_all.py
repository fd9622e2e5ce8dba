"""
Give a file to many at once, each behind an uplink of 80 Mbit/s, and wait until all have it.

    python -m benchmarks.to_all --receivers 32 --size 256

Each is in a network namespace of its own, so this needs root. Every byte has to leave the sender
once: no way can be faster than the time that this takes, F/u. One by one it takes that for each.
"""

from argparse import Namespace
from collections.abc import Sequence
from typing import Final

from benchmarks.contenders.pushers import OurPush, RsyncLoop, ScpAtOnce
from benchmarks.contenders.swarms import Libtorrent, Swarm
from benchmarks.lab.machine import MIB
from benchmarks.tables.options import run_in_namespaces
from benchmarks.uplinks import table, uplink_parser
from p2p_twisted.cli.signals import Signals

CONTENDERS: Final[tuple[type[Swarm], ...]] = (OurPush, Libtorrent, RsyncLoop, ScpAtOnce)


def chosen_table(options: Namespace, signals: Signals) -> None:
    """Measure those that are wanted, and print the table."""
    kinds = [kind for kind in CONTENDERS if not options.only or kind.__name__ in options.only]
    table(signals, options, options.size * MIB, kinds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    known = uplink_parser(__doc__, receivers=32)
    known.add_argument("--size", type=int, default=256, help="MiB")
    known.add_argument("--only", nargs="*", help="classes of contenders")
    run_in_namespaces(chosen_table, known.parse_args(arguments))


if __name__ == "__main__":
    main()
