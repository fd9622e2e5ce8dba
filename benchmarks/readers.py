"""
Measure what readers of its events cost a peer: while it is idle, and in a push.

    python -m benchmarks.readers --readers 20

There are three networks of three peers each. Those of one have readers all the time, those of the
other two never: a peer keeps its events for a while once it had a reader. All are watched at once
while they are idle, and push by turns. What the two without readers differ by is noise.
"""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.contenders.tools import Tools
from benchmarks.lab.lab import Lab
from benchmarks.lab.machine import MIB, write_content
from benchmarks.lab.sample import Sample, Usage
from benchmarks.page import WatchedPush
from benchmarks.tables.figures import (
    SPREAD,
    Row,
    interleaved,
    load,
    markdown,
    ratio,
    spread,
    usage_ratio,
)
from benchmarks.tables.options import parser, run
from benchmarks.tables.runs import ready, tell
from p2p_twisted.cli.signals import Signals

_WITHOUT: Final = "no reader"
_PERCENT_OF_NANOSECONDS: Final = 1e-7
_IDLE_HEAD: Final = ("% of a core for an idle peer", "median", "min", "max", "more", "windows")
_PUSH_HEAD: Final[Row] = ("", "time / no reader", *SPREAD, "CPU / no reader", "CPU s of both")


class ReadPush(WatchedPush):
    """Two peers and an idle one, on TCP as well; a run is from the push to the publication."""

    watched_as = "events"

    def open(self, readers: int) -> None:
        """Have so many readers of each of the two, from now on."""
        for watched in self._watched.values():
            watched.open(readers, 0)

    def pushed(self) -> Sample:
        """Push once."""
        target = ready(self, self.source.stat().st_size)
        before = self.used()
        sample = self.fetch(target)
        both = Usage(2 * (self.used() - before) / 1e9)
        target.unlink()
        return Sample(self.pushes[-1], both, foreign=sample.foreign)

    def used(self) -> int:
        """Return for how many nanoseconds the two ran, on average."""
        return sum(_nanoseconds(each.pid) for each in (self.holder, self.downloader)) // 2


def _nanoseconds(pid: int) -> int:
    """Read how long a process ran: finer than ``/proc/PID/stat``, which counts hundredths."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads)


def idle_table(
    networks: Mapping[str, ReadPush], rounds: int, seconds: float, pause: Callable[[float], None]
) -> str:
    """Watch all networks while nobody wants anything."""
    shares: dict[str, list[float]] = {name: [] for name in networks}
    for _ in range(rounds):
        before = {name: network.used() for name, network in networks.items()}
        pause(seconds)
        for name, network in networks.items():
            used = network.used() - before[name]
            shares[name].append(used / seconds * _PERCENT_OF_NANOSECONDS)
    body = [
        (
            name,
            *(f"{of(each):.3f}" for of in (median, min, max)),
            f"{median(a - b for a, b in zip(each, shares[_WITHOUT], strict=True)):+.3f}",
            str(rounds),
        )
        for name, each in shares.items()
    ]
    return markdown(_IDLE_HEAD, body)


def push_table(networks: Mapping[str, ReadPush], rounds: int) -> str:
    """Push in all networks, by turns."""
    samples = interleaved({name: each.pushed for name, each in networks.items()}, rounds, tell)
    body = [
        (
            name,
            f"{ratio(runs, samples[_WITHOUT]):.3f}",
            *spread(runs, digits=3),
            f"{usage_ratio(map(_sender, runs), map(_sender, samples[_WITHOUT])):.3f}",
            f"{median(run.sender.cpu for run in runs):.3f}",
        )
        for name, runs in samples.items()
    ]
    return f"{load(samples.values())}\n\n{markdown(_PUSH_HEAD, body)}"


def _sender(sample: Sample) -> float:
    """Return the seconds of processor time of the peer that sends."""
    return sample.sender.cpu


def tables(options: Namespace, signals: Signals) -> None:
    """Measure idle peers, and a push."""
    names = (_WITHOUT, f"{_WITHOUT}, once more", f"{options.readers} readers")
    networks: dict[str, ReadPush] = {}
    with ExitStack() as stack:
        for name in names:
            lab = stack.enter_context(Lab(signals, options.directory))
            source = lab.directory / "holder" / "file.bin"
            write_content(source, options.size * MIB)
            networks[name] = ReadPush(lab, Tools(options.rivals), source)
            networks[name].prepare()
        networks[names[-1]].open(options.readers)
        pause = networks[_WITHOUT].lab.pause
        print(idle_table(networks, options.rounds, options.idle, pause), flush=True)
        told = push_table(networks, options.rounds)
        print(f"{options.size} MiB from the push to the publication; {told}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    known = parser(__doc__)
    known.add_argument("--readers", type=int, default=20, help="of each peer of one network")
    known.add_argument("--idle", type=float, default=20, help="seconds to watch for at a time")
    known.add_argument("--size", type=int, default=512, help="MiB to push")
    run(tables, known.parse_args(arguments))


if __name__ == "__main__":
    main()
