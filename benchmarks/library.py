"""
Measure how long a peer takes to hash new files, beside BLAKE3 alone on all cores.

    python -m benchmarks.library --rounds 5 --directory /mnt/bench

A folder is moved into what a running peer shares. The clock runs until its console, which is asked
all the time, says that all is hashed, less the tenth of a second for which a peer waits for more.
"""

import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import evolve

from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.machine import write_content
from benchmarks.lab.network import Network, ended, shares
from benchmarks.lab.sample import Sample
from benchmarks.tables.figures import HEAD, interleaved, load, markdown, percentile, rows
from benchmarks.tables.options import parser, run
from benchmarks.tables.runs import tell
from p2p_twisted.cli.signals import Signals
from p2p_twisted.library.rescan_schedule import GATHER_SECONDS
from p2p_twisted.wire.limits import KIB

_FILES_PER_FOLDER: Final = 1_000
_ASKED_AGAIN_SECONDS: Final = 0.01
# After a scan, a peer waits five times as long as that has taken before it begins another one.
_RESTS: Final = 6
_OURS: Final = "p2p_twisted"


class Ours:
    """
    A peer that is given files to share, with its console.

    :ivar waits: for how many seconds its console let each line wait meanwhile.
    """

    def __init__(self, lab: Lab, files: Path, count: int) -> None:
        self._lab = lab
        self._files = files
        self._count = count
        self._network = Network(lab)
        self._peer = self._network.start_peer("s1")
        self._rounds = 0
        self._asked_at: float | None = None
        self.waits: list[float] = []

    def hash(self) -> Sample:
        """Have it hash the files, under a name that is new to it, and take them away again."""
        self._rounds += 1
        place = self._network.folder("s1") / f"round{self._rounds}"

        def begin() -> Sequence[Process]:
            self._files.rename(place)
            return ()

        sample = self._lab.timed((), [self._peer], begin, self._is_done, every=_ASKED_AGAIN_SECONDS)
        place.rename(self._files)
        self._network.wait_until_shared(self._peer, 0)
        self._lab.pause(_RESTS * sample.seconds)
        return evolve(sample, seconds=sample.seconds - GATHER_SECONDS)

    def _is_done(self) -> bool:
        if self._asked_at is None:
            self._peer.say("status")
            self._asked_at = time.monotonic()
            return False
        if not ended(self._peer):
            return False
        self.waits.append(time.monotonic() - self._asked_at)
        self._asked_at = None
        return shares(self._peer, self._count)


class AllCores:
    """A process that does nothing but hash files."""

    def __init__(self, lab: Lab, files: Path) -> None:
        self._lab = lab
        self._files = files
        self._process = lab.start_script("benchmarks.contenders.all_cores")
        lab.wait_for(self._process, "ready\n")

    def hash(self) -> Sample:
        """Have it hash the files."""

        def begin() -> Sequence[Process]:
            self._process.say(str(self._files))
            return ()

        def is_done() -> bool:
            return self._process.heard().endswith("\n")

        return self._lab.timed((), [self._process], begin, is_done, every=_ASKED_AGAIN_SECONDS)


def tables(options: Namespace, signals: Signals) -> None:
    """Measure all shapes."""
    for count, size in options.shapes:
        with Lab(signals, options.directory) as lab:
            table(lab, options.rounds, count, size)


def table(lab: Lab, rounds: int, count: int, size: int) -> None:
    """Measure one shape, and print its table."""
    files = lab.directory / "files"
    for number in range(count):
        write_content(files / str(number // _FILES_PER_FOLDER) / f"f{number}", size, number)
    ours = Ours(lab, files, count)
    contenders = {_OURS: ours.hash, "BLAKE3 alone, mapped, all cores": AllCores(lab, files).hash}
    samples = interleaved(contenders, rounds, tell)
    print(f"\n{count:,} files of {size // KIB:,} KiB; {load(samples.values())}\n")
    print(markdown(HEAD, rows(samples, _OURS)))
    shown = (f"{1e3 * percentile(ours.waits, share):.1f}" for share in (0.5, 0.99, 1))
    head = ("ms until a line at the console is answered meanwhile", "median", "p99", "max", "lines")
    print(markdown(head, [(_OURS, *shown, str(len(ours.waits)))]))


def shapes(text: str) -> Sequence[tuple[int, int]]:
    """Read how many files of how many KiB, such as ``4x1024,1000x8``."""
    pairs = (shape.split("x") for shape in text.split(","))
    return [(int(count), int(size) * KIB) for count, size in pairs]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    known = parser(__doc__)
    usual = shapes("4x1048576,50000x8")
    known.add_argument("--shapes", type=shapes, default=usual, help="COUNTxKIB, ...")
    run(tables, known.parse_args(arguments))


if __name__ == "__main__":
    main()
