"""
How long daemons take to answer, seen from outside: a ping to each, a hundred times a second.

    python -m benchmarks.loads.lateness PORT ...      (then a line for what came since the last)
    python -m benchmarks.loads.lateness --as peer.pem PORT ...

In a private network they are sent as one of its peers, by that peer's own key.
Pings go out whether those before were answered or not: a daemon that stands
still for a second has a hundred late answers, not one.
"""

import argparse
import asyncio
import json
import ssl
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.lab.hosts import LOOPBACK
from benchmarks.lab.lab import Lab
from p2p_twisted.wire.limits import PINGS_BURST

_EVERY_SECONDS: Final = 0.01
# One that sends more, or only pings for 5 s, is disconnected; the last answers arrive before that.
_PINGS: Final = PINGS_BURST - 10
_MICROSECONDS: Final = 1_000_000


class Pinger:
    """The process that pings, and its measurements."""

    def __init__(self, lab: Lab, ports: Sequence[int], key: Path | None = None) -> None:
        self._lab = lab
        whose = () if key is None else ("--as", key)
        self._process = lab.start_script("benchmarks.loads.lateness", *whose, *map(str, ports))
        lab.wait_for(self._process, "ready\n")

    def waits(self) -> Any:
        """Return how many seconds each answer since the last call took, daemon by daemon."""
        self._process.say("")
        self._lab.wait_for(self._process, "]\n")
        return json.loads(self._process.heard())


async def ping(port: int, waits: list[float], tls: ssl.SSLContext | None) -> None:
    """Ping one daemon for ever, and record how many seconds each answer takes."""
    # Nothing else keeps a reference to them.
    listening = []
    while True:
        reader, writer = await asyncio.open_connection(LOOPBACK, port, ssl=tls)
        listening.append(asyncio.create_task(_listen(reader, writer, waits)))
        for _ in range(_PINGS):
            # The number, which is sent back, is the time of sending.
            writer.write(b'PING {"n":%d}\r\n' % _now())
            await asyncio.sleep(_EVERY_SECONDS)


async def _listen(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waits: list[float]
) -> None:
    async for line in reader:
        verb, _, body = line.partition(b" ")
        if verb == b"PONG":
            waits.append((_now() - json.loads(body)["n"]) / _MICROSECONDS)
    writer.close()


def _tls(key: str) -> ssl.SSLContext:
    """Return how to talk as a peer; whoever answers is believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(key)
    return context


def _now() -> int:
    return time.monotonic_ns() // 1000


async def measure() -> None:
    """Ping all daemons of the command line until standard input ends."""
    known = argparse.ArgumentParser()
    known.add_argument("--as", dest="key")
    known.add_argument("ports", type=int, nargs="+")
    options = known.parse_args()
    tls = None if options.key is None else _tls(options.key)
    waits: list[list[float]] = [[] for _ in options.ports]
    pings = [
        asyncio.create_task(ping(port, some, tls))
        for port, some in zip(options.ports, waits, strict=True)
    ]
    over = asyncio.Event()

    def tell() -> None:
        if not sys.stdin.readline():
            over.set()
        print(json.dumps(waits), flush=True)
        for some in waits:
            some.clear()

    asyncio.get_running_loop().add_reader(sys.stdin, tell)
    print("ready", flush=True)
    await over.wait()
    for task in pings:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(measure())
