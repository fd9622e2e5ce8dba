"""
What it costs to relay: processor time a MiB, beside Twisted's own port forwarder.

    python -m benchmarks.relay --mib 1024 --rounds 3
"""

import argparse
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from threading import Thread
from typing import Any, Final

from benchmarks.lab.hosts import LOOPBACK
from benchmarks.lab.machine import describe
from benchmarks.lab.usage import cpu_seconds
from benchmarks.tables.options import parser
from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.relay import joint
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import PROTOCOL, Hello, Meet, Message, Relay
from p2p_twisted.wire.session import Session

_TOKEN: Final = "7" * 32
_LINE_BYTES: Final = 4_096
_UNLIMITED: Final = 1 << 40
Ends = tuple[socket.socket, socket.socket]


def main() -> None:
    """Print a row for each way to relay, or be one of these."""
    options = parser(__doc__)
    options.add_argument("--mib", type=int, default=1_024, help="how much is copied (%(default)s)")
    options.add_argument("--be", choices=_WAYS, help=argparse.SUPPRESS)
    options.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.be:
        _be(given.be, given.port)
        return
    print(f"{describe()}; {given.mib} MiB\n\n| relayed by | ms of processor a MiB | MiB/s |")
    print("|---|---|---|")
    for way, (name, _serve, ends) in _WAYS.items():
        runs = [_measure(way, ends, given.mib * MIB) for _ in range(given.rounds)]
        costs, speeds = zip(*runs, strict=True)
        print(f"| {name} | {median(costs):.2f} | {median(speeds):,.0f} |", flush=True)


def _measure(way: str, ends: "Callable[[int], Ends]", size: int) -> tuple[float, float]:
    """Copy so much; return the relay's processor time in ms a MiB, and MiB a second."""
    with _relay(way) as (process, port):
        sender, receiver = ends(port)
        before, began = cpu_seconds([process.pid]), time.monotonic()
        sending = Thread(target=_send, args=(sender, size))
        sending.start()
        left, room = size, bytearray(MIB)
        while left:
            left -= receiver.recv_into(room, min(left, MIB))
        passed = time.monotonic() - began
        sending.join()
        used = cpu_seconds([process.pid]) - before
        sender.close()
        receiver.close()
    return used * 1_000 / (size / MIB), size / MIB / passed


@contextmanager
def _relay(way: str) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    behind = socket.create_server((LOOPBACK, 0))
    _behind.append(behind)
    command = [sys.executable, "-m", "benchmarks.relay", "--be", way]
    command += ["--port", str(behind.getsockname()[1])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()
        _behind.pop().close()


_behind: list[socket.socket] = []


def _send(to: socket.socket, size: int) -> None:
    block = memoryview(bytes(MIB))
    while size:
        size -= to.send(block[: min(size, MIB)])


def _be(way: str, port: int) -> None:
    """Listen at any port until a signal; a forwarder forwards to the one that is given."""
    from twisted.internet import epollreactor

    reactor = epollreactor.EPollReactor()
    factory = _WAYS[way][1](reactor, port)
    listening = reactor.listenTCP(0, factory, interface=LOOPBACK)
    print(listening.getHost().port, flush=True)
    reactor.run()


class _First(Session):
    def __init__(self, connection: Connection, relaying: Relaying) -> None:
        self._connection = connection
        self._relaying = relaying

    def received(self, message: Message) -> None:
        """Relay."""
        if isinstance(message, Relay):
            self._relaying.asked(self._connection, message)
        elif isinstance(message, Meet):
            self._relaying.came(self._connection, message)


def _spliced(reactor: Any, _port: int) -> Listener:
    relaying = Relaying(
        reactor,
        rate=lambda: _UNLIMITED,
        is_neighbor=lambda _name, _host: True,
        new_token=lambda: _TOKEN,
        up=Limiter(reactor),
    )
    hello = Hello(PROTOCOL, "peer", "s7", "default")
    return Listener(reactor, hello, lambda made: _First(made, relaying))


def _copied(reactor: Any, port: int) -> Listener:
    vars(joint)["CAN_SPLICE"] = False
    return _spliced(reactor, port)


def _forwarded(reactor: Any, port: int) -> Any:
    from twisted.protocols.portforward import ProxyClientFactory, ProxyFactory

    class Client(ProxyClientFactory):
        noisy = False

    class Forwarder(ProxyFactory):
        noisy = False
        clientProtocolFactory = Client  # noqa: N815

    forwarder = Forwarder(LOOPBACK, port)
    forwarder.protocol.reactor = reactor
    return forwarder


def _meet(port: int) -> Ends:
    anna, ben = (socket.create_connection((LOOPBACK, port)) for _ in range(2))
    for end, said in ((anna, Relay("anna", "ben")), (ben, Meet("ben", _TOKEN))):
        end.recv(_LINE_BYTES)
        end.sendall(encode(said))
        anna.recv(_LINE_BYTES)
    return ben, anna


def _forward(port: int) -> Ends:
    sender = socket.create_connection((LOOPBACK, port))
    return sender, _behind[0].accept()[0]


_WAYS: Final[dict[str, tuple[str, Callable[[Any, int], Any], Callable[[int], Ends]]]] = {
    "spliced": ("p2p_twisted", _spliced, _meet),
    "copied": ("p2p_twisted, where the system has no splice", _copied, _meet),
    "forwarded": ("Twisted's portforward", _forwarded, _forward),
}


if __name__ == "__main__":
    main()
