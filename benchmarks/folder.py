"""
A folder of many small files, always in /dev/shm.

    python -m benchmarks.folder --files 1000 --size 1024

As root, all processes are in a network namespace, and the connections that ours
dial are counted there.
"""

import contextlib
import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from typing_extensions import override

from benchmarks.commands import Rsync, Scp
from benchmarks.contenders import OURS, Contender
from benchmarks.figures import SPREAD, Sample, load, markdown, ratio, spread
from benchmarks.hosts import LOCAL, Host, Namespaces, connections_dialed, why_no_namespaces
from benchmarks.lab import Lab, Process
from benchmarks.machine import write_content
from benchmarks.network import Network, is_saved
from benchmarks.options import MEMORY, parser, run
from benchmarks.runs import side_by_side
from benchmarks.tools import Tools
from p2p_twisted.cli.signals import Signals

_SETTLED_SECONDS: Final = 2.0
"""After that a newcomer dials no more neighbors, so only its download's dials are counted."""

RIVALS: Final[tuple[type[Contender], ...]] = (Rsync, Scp)


class OurFolder(Contender):
    """
    Two peers; the clock runs from the typed ``get`` to the verdict.

    :ivar connections: how many were dialed in each run, by all processes of that host.
    """

    name = OURS

    def __init__(self, lab: Lab, tools: Tools, source: Path, host: Host = LOCAL) -> None:
        super().__init__(lab, tools, source)
        self._host = host
        self.connections: list[int] = []

    @override
    def prepare(self) -> None:
        self._network = Network(self.lab, self._host)
        self._holder = self._network.start_peer(self.source.parent.name, host=self._host)
        self._network.wait_until_shared(self._holder, len(os.listdir(self.source)))

    @override
    def fetch(self, target: Path) -> Sample:
        # Another one in each run: one that had the files before looks for them first.
        name = f"downloader{len(self.connections)}"
        downloader = self._network.start_peer(name, host=self._host)
        self.lab.pause(_SETTLED_SECONDS)

        def begin() -> Sequence[Process]:
            downloader.say(f"get {self.source.name}")
            return ()

        before = connections_dialed(downloader.pid)
        sample = self.lab.timed([self._holder], [downloader], begin, lambda: is_saved(downloader))
        self.connections.append(connections_dialed(downloader.pid) - before)
        (self._network.downloads(name) / self.source.name).rename(target)
        downloader.end()
        return sample


def table(options: Namespace, signals: Signals) -> None:
    """Measure, and print the table."""
    tools, count = Tools(options.rivals), options.files
    with contextlib.ExitStack() as stack:
        no_namespaces = why_no_namespaces()
        host = LOCAL if no_namespaces else stack.enter_context(Namespaces(0, "")).hub
        # Not where pages are large, as each small file would take one, and measure only that.
        lab = stack.enter_context(Lab(signals, MEMORY))
        source = lab.directory / "holder" / "folder"
        for number in range(count):
            write_content(source / f"{number:06}.bin", options.size, number)
        ours = OurFolder(lab, tools, source, host)
        rivals = [kind(lab, tools, source) for kind in tools.choose(RIVALS)]
        samples = side_by_side([ours, *rivals], options.rounds, count * options.size)
    print(f"\n{count:,} files of {options.size:,} bytes; {load(samples.values())}\n")
    body = []
    for name, runs in samples.items():
        rate = f"{count / median(run.seconds for run in runs):,.0f}"
        body.append((name, f"{ratio(runs, samples[OURS]):.2f}", rate, *spread(runs)))
    print(markdown(("", "time / ours", "files a second", *SPREAD), body))
    dialed = f"Ours dialed {max(ours.connections)} connections at most.\n"
    print(f"Ours: connections not counted, {no_namespaces}.\n" if no_namespaces else dialed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    known = parser(__doc__)
    known.add_argument("--files", type=int, default=1000)
    known.add_argument("--size", type=int, default=1024, help="bytes of each")
    options = known.parse_args(arguments)
    run(table, options)


if __name__ == "__main__":
    main()
