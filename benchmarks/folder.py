"""
A folder of many small files, in /dev/shm unless another place is given.

    python -m benchmarks.folder --files 20000 --folders 200 --on /var/tmp

As root, all processes are in a network namespace, and the connections that ours
dial are counted there.
"""

import contextlib
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from typing_extensions import override

from benchmarks.contenders.commands import Rsync, Scp
from benchmarks.contenders.contender import OURS, Contender
from benchmarks.contenders.tools import Tools
from benchmarks.lab.hosts import LOCAL, Host, Uplinks, connections_dialed, why_no_namespaces
from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.machine import file_system, write_content
from benchmarks.lab.network import Network, is_saved
from benchmarks.lab.sample import Sample
from benchmarks.tables.figures import HEAD, load, markdown, rows
from benchmarks.tables.options import MEMORY, parser, run
from benchmarks.tables.runs import side_by_side
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

    def __init__(
        self, lab: Lab, tools: Tools, source: Path, files: int, host: Host = LOCAL
    ) -> None:
        super().__init__(lab, tools, source)
        self._files = files
        self._host = host
        self.connections: list[int] = []

    @override
    def prepare(self) -> None:
        self._network = Network(self.lab, self._host)
        self._holder = self._network.start_peer(self.source.parent.name, host=self._host)
        self._network.wait_until_shared(self._holder, self._files)

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
    tools, count, folders = Tools(options.rivals), options.files, options.folders
    with contextlib.ExitStack() as stack:
        no_namespaces = why_no_namespaces()
        host = LOCAL if no_namespaces else stack.enter_context(Uplinks(0, "")).hub
        # Not where pages are large, as each small file would take one, and measure only that.
        lab = stack.enter_context(Lab(signals, options.on))
        source = lab.directory / "holder" / "folder"
        for number in range(count):
            below = f"{number * folders // count:04}/" if folders > 1 else ""
            write_content(source / f"{below}{number:06}.bin", options.size, number)
        ours = OurFolder(lab, tools, source, count, host)
        rivals = [kind(lab, tools, source) for kind in tools.choose(RIVALS)]
        samples = side_by_side([ours, *rivals], options.rounds, count * options.size)
    where = f"in {folders} folders, on {file_system(options.on)}"
    print(f"\n{count:,} files of {options.size:,} bytes {where}; {load(samples.values())}\n")
    body = []
    for runs, row in zip(samples.values(), rows(samples, OURS), strict=True):
        rate = f"{count / median(run.seconds for run in runs):,.0f}"
        body.append((*row[:2], rate, *row[2:]))
    print(markdown((*HEAD[:2], "files a second", *HEAD[2:]), body))
    dialed = f"Ours dialed {max(ours.connections)} connections at most.\n"
    print(f"Ours: connections not counted, {no_namespaces}.\n" if no_namespaces else dialed)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    known = parser(__doc__)
    known.add_argument("--files", type=int, default=1000)
    known.add_argument("--folders", type=int, default=1, help="that the files are spread over")
    known.add_argument(
        "--on", type=Path, default=MEMORY, help="where to work, whatever --directory is"
    )
    known.add_argument("--size", type=int, default=1024, help="bytes of each")
    options = known.parse_args(arguments)
    run(table, options)


if __name__ == "__main__":
    main()
