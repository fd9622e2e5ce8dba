"""
Measure what a registry with very many peers takes, and how soon it answers once it is started.

    python -m benchmarks.registered --peers 99000 --directory /var/tmp

Its store has the peers from before. What counts is the time from the start of the process until a
newcomer is answered that asks again and again, and the most memory until then. Each round has a
newcomer, for whom the registry must have room.
"""

import socket
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.usage import cpu_seconds, peak_memory
from benchmarks.registry import start_etcd
from benchmarks.tables.figures import Row, markdown
from benchmarks.tables.options import parser, run
from p2p_twisted.cli.local_network import free_ports, twistd
from p2p_twisted.cli.signals import Signals
from p2p_twisted.registry.limits import REGISTERED
from p2p_twisted.registry.roster import Put, Registration
from p2p_twisted.registry.sqlite import SqliteStore
from p2p_twisted.runtime.threads import inline
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Join
from p2p_twisted.wire.names import PeerAddress

_SCRIPT: Final = "import sys; from p2p_twisted.cli.main import main; sys.exit(main())"
_COPY: Final = (sys.executable, "-c", _SCRIPT, "registry", "copy")
_ON_HOST: Final = 500
_FIRST_PORT: Final = 9_000
_TRY_SECONDS: Final = 10.0
_AGAIN_SECONDS: Final = 0.02
_HEAD: Final[Row] = ("", "s to the first answer", "min", "max", "s of processor", "peak MB")


def registrations(peers: int) -> Iterator[Put]:
    """Make so many that listen, some on each host."""
    for number in range(peers):
        machine, index = divmod(number, _ON_HOST)
        host = f"10.0.{machine // 250}.{machine % 250 + 1}"
        address = PeerAddress(f"p{number}", host, _FIRST_PORT + index)
        yield Put(Registration(address, f"{number:032x}", time.time(), 0.0, is_listening=True))


def fill(path: Path, peers: int) -> None:
    """Write so many registrations into a file."""
    store = SqliteStore(path, inline)
    store.open()
    store.apply(list(registrations(peers)))
    store.close()


def table(options: Namespace, signals: Signals) -> None:
    """Measure each store, and print the table."""
    with Lab(signals, options.directory) as lab:
        file = lab.directory / "full.db"
        fill(file, options.peers)
        stores = {"SQLite": f"sqlite:{file}"}
        if (etcd := start_etcd(lab)) is not None:
            began = time.monotonic()
            copying = lab.start("copy", *_COPY, f"--from={stores['SQLite']}", f"--to={etcd}")
            lab.wait(lambda: copying.has_ended)
            print(f"copied from SQLite to etcd in {time.monotonic() - began:.1f} s\n")
            stores["etcd"] = etcd
        rows = [measured(lab, name, store, options.rounds) for name, store in stores.items()]
        print(f"{options.peers:,} peers are registered\n")
        print(markdown(_HEAD, rows))


def measured(lab: Lab, name: str, store: str, rounds: int) -> Row:
    """Start a registry some times; return the table's row."""
    runs = [one(lab, name, store) for _ in range(rounds)]
    seconds, worked, peaks = zip(*runs, strict=True)
    figures = (f"{each:.2f}" for each in (median(seconds), min(seconds), max(seconds)))
    return (name, *figures, f"{median(worked):.2f}", f"{max(peaks) / 1e6:.0f}")


def one(lab: Lab, name: str, store: str) -> tuple[float, float, int]:
    """Start a registry; return when it has answered, after how much work, and its memory."""
    port = free_ports(1)
    arguments = ["p2pmeta", f"--listen=tcp:{port}:interface=127.0.0.1", f"--store={store}"]
    began = time.monotonic()
    daemon = lab.start_daemon(name, *twistd(lab.directory / f"{port}.log", arguments))
    while not is_answered(port):
        lab.pause(_AGAIN_SECONDS)
    took, process = time.monotonic() - began, Process(daemon, None)
    worked, peak = cpu_seconds([process.pid]), peak_memory([process.pid])
    process.end()
    print(f"  {name}: {took:.2f} s", file=sys.stderr, flush=True)
    return took, worked, peak


def is_answered(port: int) -> bool:
    """Have a newcomer ask for a place; return whether it got one."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), _TRY_SECONDS) as asking:
        answers = asking.makefile("rb")
        answers.readline()
        asking.sendall(encode(Join(f"n{port}")))
        return answers.readline().startswith(b"WELCOME")
    return False


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    known = parser(__doc__)
    known.add_argument(
        "--peers", type=int, default=99_000, help="how many are registered (%(default)s)"
    )
    options = known.parse_args(arguments)
    if options.peers + options.rounds > REGISTERED:
        known.error(f"--peers: with a newcomer each round, a registry has room for {REGISTERED:,}")
    run(table, options)


if __name__ == "__main__":
    main()
