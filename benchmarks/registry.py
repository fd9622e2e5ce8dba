"""
Measure registries beside the least that a server written in Twisted does, all in one run.

    python -m benchmarks.registry --peers 2000 --directory /var/tmp

Peers join and renew, each on a connection of its own from an address of its own. What counts is
for how many of them a second of the server's processor time is enough.
"""

import json
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any, Final

from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.usage import TICK_SECONDS, cpu_seconds, peak_memory
from benchmarks.tables.figures import Row, markdown, percentile
from benchmarks.tables.options import parser, run
from p2p_twisted.cli.local_network import free_ports, twistd
from p2p_twisted.cli.signals import Signals

_AT_ONCE: Final = 128
_SILENT_AT_ONCE: Final = 256
# A place is reserved for ten seconds, until the peer says that it listens.
_PACED_SECONDS: Final = 3
# Beyond all that join.
_SILENT_FROM: Final = 200_000


class Server:
    """
    One server, and what was measured of it.

    :ivar rates: how many requests a second of its processor time was enough for, by kind.
    :ivar waits: how many seconds answers took at half of that, by kind.
    """

    kinds: Sequence[str] = ("join", "renew")

    def __init__(self, lab: Lab, name: str, *options: str) -> None:
        self.name = name
        self.port, self._process = self._start(lab, *options)
        self._joined = 0
        self.rates: dict[str, list[float]] = {kind: [] for kind in self.kinds}
        self.waits: dict[str, list[float]] = {kind: [] for kind in self.kinds}
        self.silent_bytes = 0

    def measure(self, load: Callable[..., list[float]], peers: int) -> None:
        """Have new peers join, say that they listen, and renew."""
        for kind in self._round(load, peers):
            before = cpu_seconds([self._process.pid])
            load(self.port, kind, self._joined, peers, -_AT_ONCE)
            spent = cpu_seconds([self._process.pid]) - before
            self.rates[kind].append(peers / max(spent, TICK_SECONDS))
        self._joined += peers

    def measure_waits(self, load: Callable[..., list[float]]) -> None:
        """Have peers come at half the pace that the server can keep up with."""
        pace = min(median(rates) for rates in self.rates.values()) / 2
        peers = int(pace * _PACED_SECONDS)
        for kind in self._round(load, peers):
            self.waits[kind] = load(self.port, kind, self._joined, peers, pace)
        self._joined += peers

    def measure_memory(self, load: Callable[..., list[float]], silent: int) -> None:
        """Have so many peers connect that say nothing."""
        load(self.port, "be_silent", _SILENT_FROM, silent, -_SILENT_AT_ONCE)
        self.silent_bytes = peak_memory([self._process.pid])

    def _round(self, load: Callable[..., list[float]], peers: int) -> Iterator[str]:
        yield "join"
        # From now on they are referred to; that is done once in a peer's life.
        load(self.port, "renew", self._joined, peers, -_AT_ONCE)
        yield "renew"

    def _start(self, lab: Lab, *options: str) -> tuple[int, Process]:
        port = free_ports(1)
        arguments = ["p2pmeta", f"--listen=tcp:{port}:interface=127.0.0.1", *options]
        daemon = lab.start_daemon(self.name, *twistd(lab.directory / f"{port}.log", arguments))
        lab.wait_until_ready(daemon)
        return port, Process(daemon, None)


class Minimal(Server):
    """The least that a server does; it answers all alike."""

    kinds = ("join",)

    def _round(self, load: Callable[..., list[float]], peers: int) -> Iterator[str]:
        yield "join"

    def _start(self, lab: Lab, *options: str) -> tuple[int, Process]:
        port = free_ports(1)
        process = lab.start_script("benchmarks.contenders.minimal", str(port))
        lab.wait_for(process, "ready\n")
        return port, process


def table(options: Namespace, signals: Signals) -> None:
    """Measure all servers in turn, round by round, and print the table."""
    with Lab(signals, options.directory) as lab:
        newcomers = lab.start_script("benchmarks.loads.newcomers")
        lab.wait_for(newcomers, "ready\n")

        def load(*what: Any) -> list[float]:
            newcomers.say(json.dumps(what))
            lab.wait_for(newcomers, "]\n")
            waits: list[float] = json.loads(newcomers.heard())
            return waits

        servers = [
            Minimal(lab, "the least"),
            Server(lab, "SQLite", f"--store=sqlite:{lab.directory}/registry.db"),
            Server(lab, "memory", "--store=memory:"),
            *on_etcd(lab),
        ]
        for number in range(options.rounds):
            for server in servers:
                server.measure(load, options.peers)
                print(f"  round {number + 1}: {server.name}", file=sys.stderr, flush=True)
        for server in servers:
            server.measure_waits(load)
        for server in servers:
            server.measure_memory(load, options.silent)
        print(f"\n{options.peers:,} peers a round, {_AT_ONCE} at once; {options.silent:,} silent\n")
        print(markdown(_HEAD, rows(servers)))


def on_etcd(lab: Lab) -> Iterator[Server]:
    """Start a registry on one member of etcd, whose own time is not counted, where it is there."""
    store = start_etcd(lab)
    if store is not None:
        yield Server(lab, "etcd", f"--store={store}")


def start_etcd(lab: Lab) -> str | None:
    """Start one member of etcd, where it is there; return what a registry is told as its store."""
    command = shutil.which("etcd")
    if command is None:
        print("  without etcd: apt-get install etcd-server", file=sys.stderr, flush=True)
        return None
    outer, inner = (f"http://127.0.0.1:{free_ports(1)}" for _ in range(2))
    lab.start(
        "etcd",
        command,
        f"--data-dir={lab.directory}/etcd",
        f"--listen-client-urls={outer}",
        f"--advertise-client-urls={outer}",
        f"--listen-peer-urls={inner}",
        f"--initial-advertise-peer-urls={inner}",
        f"--initial-cluster=default={inner}",
    )
    return f"etcd://{outer.removeprefix('http://')}"


_HEAD: Final[Row] = (
    "",
    "per second of processor",
    "of the least",
    "min",
    "max",
    "p50 ms at half of that",
    "p99 ms",
    "peak MB with silent ones",
)


def rows(servers: Sequence[Server]) -> Iterator[Row]:
    """Write a row for each server and kind of request, compared with the first server."""
    least = servers[0].rates["join"]
    for server in servers:
        for kind, rates in server.rates.items():
            shares = [rate / base for rate, base in zip(rates, least, strict=True)]
            waits = [1e3 * percentile(server.waits[kind], share) for share in (0.5, 0.99)]
            yield (
                f"{server.name}: {kind}",
                f"{median(rates):,.0f}",
                f"{median(shares):.2f}",
                f"{min(rates):,.0f}",
                f"{max(rates):,.0f}",
                *(f"{wait:.1f}" for wait in waits),
                f"{server.silent_bytes / 1e6:.0f}",
            )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    known = parser(__doc__)
    known.add_argument(
        "--peers", type=int, default=2_000, help="how many join a round (%(default)s)"
    )
    known.add_argument(
        "--silent", type=int, default=10_000, help="how many then say nothing (%(default)s)"
    )
    options = known.parse_args(arguments)
    run(table, options)


if __name__ == "__main__":
    main()
