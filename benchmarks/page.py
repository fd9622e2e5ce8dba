"""
Measure what open pages cost: a registry of many peers, and a push from one peer to another.

    python -m benchmarks.page --peers 300 --pages 20

What is measured is the daemons, which are asked what pages ask; no browser takes its share.
"""

from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import ClassVar, Final

from typing_extensions import override

from benchmarks.contenders.contender import Ours
from benchmarks.contenders.tools import Tools
from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.machine import MIB, write_content
from benchmarks.lab.sample import Sample
from benchmarks.loads.crowd import register, tell
from benchmarks.tables.figures import interleaved, load, markdown, ratio, spread, usage_ratio
from benchmarks.tables.options import parser, run
from benchmarks.tables.runs import ready
from benchmarks.tables.runs import tell as show
from p2p_twisted.cli.local_network import free_ports, twistd
from p2p_twisted.cli.signals import Signals

WITHOUT: Final = "no page"
AGAIN: Final = "no page, once more"
_HEAD: Final = ("", "time / no page", "median s", "min", "max", "runs", "CPU s", "/ no page")
_JOINS: Final = 100
_PEERS: Final = 3
"""That there are where a file is pushed: of these one is idle."""


class Watched:
    """
    A daemon that pages may be opened of.

    :param kind: ``peer`` or ``registry``, and ``events`` for those of a peer alone.
    """

    def __init__(self, lab: Lab, kind: str) -> None:
        self._lab = lab
        self._kind = kind
        self._port = lab.port()
        self._token = lab.directory / f"token.{self._port}"

    @property
    def options(self) -> Sequence[str]:
        """What the daemon is started with."""
        return f"--web={self._port}", f"--web-token={self._token}"

    def open(self, pages: int, peers: int) -> Process:
        """Open pages; returns once all have been answered."""
        arguments = (self._kind, str(self._port), self._token, str(pages), str(peers))
        readers = self._lab.start_script("benchmarks.loads.page_readers", *arguments)
        self._lab.wait_for(readers, "ready\n")
        return readers


class BusyRegistry:
    """A registry of many peers, which is joined while pages are open or not."""

    def __init__(self, lab: Lab, peers: int) -> None:
        self._lab = lab
        self._peers = peers
        self._watched = Watched(lab, "registry")
        self._names = count()
        self._port = free_ports(1 + peers + _JOINS)
        ports = f"--ports={self._port + 1}-{self._port + peers + _JOINS}"
        listen = f"--listen=tcp:{self._port}:interface=127.0.0.1"
        arguments = ["p2pmeta", listen, ports, "--store=memory:", *self._watched.options]
        daemon = lab.start_daemon("registry", *twistd(lab.directory / "registry.log", arguments))
        lab.wait_until_ready(daemon)
        self._registry = Process(daemon, None)
        crowd = lab.start_script("benchmarks.loads.crowd", str(self._port), str(peers))
        lab.wait_for(crowd, "ready\n")

    def joined(self, pages: int) -> Sample:
        """Have some peers join and leave."""
        return self._with_pages(pages, self._join)

    def idle(self, pages: int, seconds: float) -> float:
        """Return what share of a core the registry uses while peers only renew their leases."""
        return self._with_pages(pages, partial(self._lab.pause, seconds)).sender.cpu / seconds

    def _with_pages(self, pages: int, work: Callable[[], None]) -> Sample:
        readers = self._watched.open(pages, self._peers) if pages else None

        def begin() -> Sequence[Process]:
            work()
            return ()

        try:
            return self._lab.timed([self._registry], [], begin, lambda: True)
        finally:
            if readers is not None:
                readers.kill()

    def _join(self) -> None:
        for _ in range(_JOINS):
            tell(self._port, "LEAVE", **register(self._port, f"j{next(self._names)}"))


class WatchedPush(Ours):
    """
    A push between two peers that others may watch meanwhile.

    :cvar watched_as: what these ask: see :class:`Watched`.
    """

    watched_as: ClassVar[str]

    @override
    def prepare(self) -> None:
        sides = (self.source.parent.name, "downloader")
        self._watched = {name: Watched(self.lab, self.watched_as) for name in sides}
        self.options = {name: watched.options for name, watched in self._watched.items()}
        super().prepare()


class PagePush(WatchedPush):
    """Two peers, whose pages may be open; a run is from the push to the publication."""

    watched_as = "peer"

    def pushed(self, pages: int) -> Sample:
        """Push once, with so many pages of each of the two open."""
        target = ready(self, self.source.stat().st_size)
        with ExitStack() as stack:
            for watched in self._watched.values() if pages else ():
                stack.callback(watched.open(pages, _PEERS).kill)
            sample = self.fetch(target)
        target.unlink()
        return Sample(self.pushes[-1], sample.sender, sample.receiver, sample.foreign)


def processor(run: Sample) -> float:
    """Return the seconds of processor time that the daemons used."""
    return run.sender.cpu + run.receiver.cpu


def table(title: str, work: Callable[[int], Sample], pages: int, rounds: int) -> None:
    """Measure some work with and without pages, by turns, and print the table."""
    opened = f"{pages} page{'s' if pages > 1 else ''}"
    contenders = {name: partial(work, 0) for name in (WITHOUT, AGAIN)}
    samples = interleaved({**contenders, opened: partial(work, pages)}, rounds, show)
    body = [
        (
            name,
            f"{ratio(runs, samples[WITHOUT]):.3f}",
            *spread(runs, digits=3),
            f"{median(map(processor, runs)):.3f}",
            f"{usage_ratio(map(processor, runs), map(processor, samples[WITHOUT])):.3f}",
        )
        for name, runs in samples.items()
    ]
    print(f"\n{title}; {load(samples.values())}\n")
    print(markdown(_HEAD, body), flush=True)


def tables(options: Namespace, signals: Signals) -> None:
    """Measure a registry, and a push."""
    with Lab(signals, options.directory) as lab:
        registry = BusyRegistry(lab, options.peers)
        shares = [f"{registry.idle(pages, options.idle):.2%}" for pages in (0, options.pages, 0)]
        print(
            f"\nA registry of {options.peers} peers that renew their leases uses {shares[0]} of a"
            f" core, {shares[1]} with {options.pages} pages open, and {shares[2]} afterwards."
        )
        title = f"{_JOINS} peers join it and leave, one after the other"
        table(title, registry.joined, options.pages, options.rounds)
    with Lab(signals, options.directory) as lab:
        source: Path = lab.directory / "holder" / "file.bin"
        write_content(source, options.size * MIB)
        push = PagePush(lab, Tools(options.rivals), source)
        push.prepare()
        title = f"{options.size} MiB from the push to the publication"
        table(title, push.pushed, 1, options.rounds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    known = parser(__doc__)
    known.add_argument("--peers", type=int, default=300, help="of the registry")
    known.add_argument("--pages", type=int, default=20, help="of the registry")
    known.add_argument("--idle", type=float, default=20, help="seconds to watch the registry for")
    known.add_argument("--size", type=int, default=512, help="MiB to push")
    run(tables, known.parse_args(arguments))


if __name__ == "__main__":
    main()
