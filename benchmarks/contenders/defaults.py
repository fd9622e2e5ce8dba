"""
A verified push as one writes it with Twisted at first, with all of its defaults.

    python -m benchmarks.contenders.defaults hold PORT FILE
    python -m benchmarks.contenders.defaults take PORT     (then a target on each line)

:class:`FileSender` on one side, :class:`LineReceiver` in raw mode on the other,
which also verifies, fsyncs and publishes.
"""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from blake3 import blake3
from twisted.internet import reactor as _reactor
from twisted.internet import stdio
from twisted.internet.protocol import ClientCreator, Factory, connectionDone
from twisted.protocols.basic import FileSender, LineReceiver
from twisted.python.failure import Failure
from typing_extensions import override

from benchmarks.lab.hosts import LOOPBACK
from benchmarks.lab.machine import MIB
from p2p_twisted.wire.chunks import chunk_digest, id_from_digests

reactor: Any = _reactor


class Holder(LineReceiver):
    """Sends the file on each connection."""

    def __init__(self, path: str, id_: str) -> None:
        self._path = path
        self._id = id_

    @override
    def connectionMade(self) -> None:
        size = os.stat(self._path).st_size
        self.sendLine(f"{size} {self._id}".encode())
        assert self.transport is not None
        self._file = open(self._path, "rb")  # noqa: SIM115 - it is sent from behind this function
        sending = FileSender().beginFileTransfer(self._file, self.transport)
        sending.addBoth(self._sent)

    def _sent(self, _last: object) -> None:
        assert self.transport is not None
        self._file.close()
        self.transport.loseConnection()


class Downloader(LineReceiver):
    """Receives a file, verifies and publishes it."""

    _size = 0
    _id = ""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._part = target.with_suffix(".part")
        self._file: BinaryIO = self._part.open("wb")
        self._chunk = blake3()
        self._received = 0
        self._digests = bytearray()

    @override
    def lineReceived(self, line: bytes) -> None:
        size, id_ = line.decode().split()
        self._size, self._id = int(size), id_
        self.setRawMode()

    @override
    def rawDataReceived(self, data: bytes) -> None:
        self._file.write(data)
        piece = memoryview(data)
        while piece:
            room = MIB - self._received % MIB
            self._chunk.update(piece[:room])
            self._received += len(piece[:room])
            piece = piece[room:]
            if self._received % MIB == 0 or self._received == self._size:
                self._digests += self._chunk.digest()
                self._chunk = blake3()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        is_right = id_from_digests(self._size, bytes(self._digests)) == self._id
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.link(self._part, self._target)
        self._part.unlink()
        print("done" if is_right else "wrong", flush=True)


class Targets(LineReceiver):
    """Reads the names of targets, and downloads to each."""

    delimiter = b"\n"

    def __init__(self, port: int) -> None:
        self._port = port

    @override
    def lineReceived(self, line: bytes) -> None:
        target = Path(line.decode())
        ClientCreator(reactor, Downloader, target).connectTCP(LOOPBACK, self._port)


def _id_of(path: str) -> str:
    with open(path, "rb") as file:
        digests = b"".join(map(chunk_digest, iter(lambda: file.read(MIB), b"")))
    return id_from_digests(os.stat(path).st_size, digests)


def main() -> None:
    """Do what the command line says."""
    what, port, *paths = sys.argv[1:]
    if what == "hold":
        factory = Factory.forProtocol(partial(Holder, paths[0], _id_of(paths[0])))
        reactor.listenTCP(int(port), factory, interface=LOOPBACK)
    else:
        stdio.StandardIO(Targets(int(port)))
    reactor.callWhenRunning(print, "ready", flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
