"""
The limit of a verified push: two processes that do nothing else, and wait for each byte.

    python -m benchmarks.contenders.blocking hold PORT FILE
    python -m benchmarks.contenders.blocking take PORT     (then a target on each line)

``sendfile`` on one side; on the other ``recv_into`` a page-aligned buffer of one
chunk, BLAKE3 of each, compared with the list that came first, ``pwrite``, and in
the end ``fsync`` and ``link``.
"""

import os
import socket
import sys
from mmap import mmap
from pathlib import Path

from blake3 import blake3

from benchmarks.lab.hosts import LOOPBACK
from benchmarks.lab.machine import MIB

_DIGEST_BYTES = 32
_SIZE_BYTES = 8


def hold(port: int, path: str) -> None:
    """Send the file on each connection, for ever."""
    with open(path, "rb", buffering=0) as file, socket.create_server((LOOPBACK, port)) as listening:
        size = os.fstat(file.fileno()).st_size
        chunks = (file.read(MIB) for _ in range(-(-size // MIB)))
        digests = b"".join(blake3(chunk).digest() for chunk in chunks)
        print("ready", flush=True)
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(size.to_bytes(_SIZE_BYTES, "big") + digests)
                sent = 0
                while sent < size:
                    sent += os.sendfile(connection.fileno(), file.fileno(), sent, MIB)


def take(port: int, target: Path) -> None:
    """
    Receive a file and publish it.

    :raises ValueError: when a chunk does not match the list.
    """
    part = target.with_suffix(".part")
    chunk = memoryview(mmap(-1, MIB))
    with socket.create_connection((LOOPBACK, port)) as connection:
        file = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        size = int.from_bytes(_exactly(connection, _SIZE_BYTES), "big")
        digests = _exactly(connection, _DIGEST_BYTES * -(-size // MIB))
        for index, start in enumerate(range(0, size, MIB)):
            block = chunk[: min(MIB, size - start)]
            _fill(connection, block)
            if blake3(block).digest() != digests[32 * index : 32 * index + 32]:
                raise ValueError(f"chunk {index} is wrong")
            os.pwrite(file, block, start)
        os.fsync(file)
        os.close(file)
    os.link(part, target)
    part.unlink()
    folder = os.open(target.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _exactly(connection: socket.socket, length: int) -> bytes:
    buffer = bytearray(length)
    _fill(connection, memoryview(buffer))
    return bytes(buffer)


def _fill(connection: socket.socket, buffer: memoryview) -> None:
    filled = 0
    while filled < len(buffer):
        count = connection.recv_into(buffer[filled:])
        if not count:
            raise EOFError("the sender has closed")
        filled += count


def main() -> None:
    """Do what the command line says."""
    what, port, *paths = sys.argv[1:]
    if what == "hold":
        hold(int(port), *paths)
    print("ready", flush=True)
    for line in sys.stdin:
        take(int(port), Path(line.rstrip("\n")))
        print("done", flush=True)


if __name__ == "__main__":
    main()
