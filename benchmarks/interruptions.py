"""
A download of which either side is killed again and again.

    python -m benchmarks.interruptions --size 256 --kills 20

Holder and downloader are in network namespaces, with 400 Mbit/s between them;
what comes in at the downloader's interface is counted there. So this needs root.
"""

import filecmp
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Final

from benchmarks.lab.hosts import Namespaces, Uplinks, received_bytes
from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.machine import MIB, write_content
from benchmarks.lab.network import Network
from benchmarks.tables.figures import markdown
from benchmarks.tables.options import parser, run_in_namespaces
from p2p_twisted.cli.signals import Signals

_RATE: Final = "400mbit"
_FILE: Final = "file.bin"
_BLOCK_BYTES: Final = 512
_SIDES: Final = ("holder", "downloader")


class Interrupted:
    """One download, with its holder and downloader."""

    def __init__(self, lab: Lab, there: Namespaces, size: int) -> None:
        self._lab = lab
        self._size = size
        self._network = Network(lab, there.hub)
        self._holds = self._network.folder("holder")
        write_content(self._holds / _FILE, size)
        self._hosts = dict(zip(_SIDES, there.hosts, strict=True))
        self._peers = {name: self._start(name) for name in _SIDES}
        self._network.wait_until_shared(self._peers["holder"])
        self._downloads = self._network.downloads("downloader")

    def run(self, kills: int) -> int:
        """Download, with kills; return how many bytes arrived."""
        before = received_bytes(self._peers["downloader"].pid)
        self._peers["downloader"].say(f"get {_FILE}")
        rng = Random(kills)
        for number in range(kills):
            place = (number + rng.random()) / (kills + 1) * self._size
            self._lab.wait(partial(self._has, place), every=0.01)
            name = _SIDES[number % len(_SIDES)]
            self._peers[name].kill()
            self._peers[name] = self._start(name)
        published = self._downloads / _FILE
        self._lab.wait(published.exists)
        if not filecmp.cmp(self._holds / _FILE, published, shallow=False):
            raise ValueError("what was published is not what was held")
        published.unlink()
        return received_bytes(self._peers["downloader"].pid) - before

    def _start(self, name: str) -> Process:
        return self._network.start_peer(name, host=self._hosts[name])

    def _has(self, place: float) -> bool:
        parts = self._downloads.glob(".p2p-*.part")
        return sum(part.stat().st_blocks * _BLOCK_BYTES for part in parts) >= place


def table(options: Namespace, signals: Signals) -> None:
    """Measure, and print the table."""
    size, body = options.size * MIB, []
    for _ in range(options.rounds):
        with Uplinks(len(_SIDES), _RATE) as there, Lab(signals, options.directory) as lab:
            download = Interrupted(lab, there, size)
            quiet = download.run(0)
            came = download.run(options.kills)
        more = (came - quiet) / options.kills / MIB
        body.append((f"{came / size:.3f}", f"{quiet / size:.3f}", f"{more:.2f}"))
    print(f"\n{options.size} MiB, {options.kills} times one side killed\n")
    print(markdown(("bytes received / size", "without kills", "MiB more a kill"), body))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    known = parser(__doc__)
    known.add_argument("--size", type=int, default=256, help="MiB")
    known.add_argument("--kills", type=int, default=20)
    options = known.parse_args(arguments)
    run_in_namespaces(table, options)


if __name__ == "__main__":
    main()
