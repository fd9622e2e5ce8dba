"""
Time small files from the typed name to the verdict that they are saved.

    python -m benchmarks.typed --files 200 --on /var/tmp

Two peers are neighbors, so each file comes over their link. Each has a name and a content of
its own, and the clock of a run stops at the verdict, as a person or a script sees it.
"""

import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.machine import file_system, write_content
from benchmarks.lab.network import Network, is_saved
from benchmarks.lab.usage import busy_seconds, cpu_seconds
from benchmarks.tables.figures import markdown, percentile
from benchmarks.tables.options import MEMORY, parser, run
from p2p_twisted.cli.signals import Signals

_FIRST: Final = 20
"""So many are not counted: what is used for the first time is slower."""


def table(options: Namespace, signals: Signals) -> None:
    """Measure, and print the table."""
    count = _FIRST + options.files
    with Lab(signals, options.on) as lab:
        for number in range(count):
            write_content(lab.directory / "holder" / _name(number), options.size, number)
        network = Network(lab)
        holder = network.start_peer("holder")
        network.wait_until_shared(holder, count)
        downloader = network.start_peer("downloader")
        for number in range(_FIRST):
            _seconds(lab, downloader, number)
        pids = [holder.pid, downloader.pid]
        began, busy, before = time.monotonic(), busy_seconds(), cpu_seconds(pids)
        taken = [_seconds(lab, downloader, number) for number in range(_FIRST, count)]
        ours = cpu_seconds(pids) - before
        foreign = (busy_seconds() - busy - ours) / (time.monotonic() - began)
    place = f"{options.size:,} bytes over a link, on {file_system(options.on)}"
    print(f"\n{place}; other processes used {foreign:.1f} cores meanwhile\n")
    shares = [f"{1e3 * percentile(taken, share):.1f}" for share in (0.0, 0.5, 0.9, 0.99, 1.0)]
    body = [("p2p_twisted", *shares, f"{1e3 * ours / len(taken):.1f}", str(len(taken)))]
    head = ("ms from the typed name to saved", "min", "median", "p90", "p99", "max")
    print(markdown((*head, "CPU of both", "files"), body))


def _name(number: int) -> str:
    return f"file{number}.bin"


def _seconds(lab: Lab, downloader: Process, number: int) -> float:
    began = time.monotonic()
    downloader.say(f"get {_name(number)}")
    lab.wait(lambda: is_saved(downloader), readable=downloader.readable)
    return time.monotonic() - began


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    known = parser(__doc__)
    known.add_argument("--files", type=int, default=200)
    known.add_argument("--size", type=int, default=1024, help="bytes of each")
    known.add_argument(
        "--on", type=Path, default=MEMORY, help="where to work, whatever --directory is"
    )
    run(table, known.parse_args(arguments))


if __name__ == "__main__":
    main()
