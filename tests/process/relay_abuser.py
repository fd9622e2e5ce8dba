"""
Ask a peer on another machine to relay, again and again: as its neighbor, and as others.

    python -m tests.process.relay_abuser HOST PORT TIMES SECONDS

It writes what came of it as JSON: how many places it was given, how many of its guesses met
somebody, and how many pairs of its own it has relayed; then it holds all of that for a while.
"""

import json
import socket
import sys
import time
from contextlib import suppress
from threading import Thread

from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.messages import Link, Meet, Message, Placed, Relay

_PATIENCE_SECONDS = 5.0


def dial(host: str, port: int) -> socket.socket:
    """Connect, and read the greeting."""
    connection = socket.create_connection((host, port), _PATIENCE_SECONDS)
    hear(connection)
    return connection


def hear(connection: socket.socket) -> bytes:
    """Return the next line, or nothing where none comes."""
    with suppress(OSError):
        return connection.makefile("rb").readline()
    return b""


def ask(host: str, port: int, said: Message) -> tuple[socket.socket, bytes]:
    """Say something on a connection of its own; return that, and the answer."""
    connection = dial(host, port)
    connection.sendall(encode(said))
    return connection, hear(connection)


def is_granted(host: str, port: int, said: Message) -> bool:
    """Return whether something is done that should be refused."""
    connection, answer = ask(host, port, said)
    connection.close()
    return not answer.startswith(b"ERROR")


def stay(link: socket.socket) -> None:
    """Answer pings on a link for ever."""
    for line in link.makefile("rb"):
        if line.startswith(b"PING"):
            link.sendall(b"PONG" + line[4:])


def main() -> None:
    """Do all of it."""
    host, port, times, seconds = sys.argv[1], *map(int, sys.argv[2:])
    link, linked = ask(host, port, Link("need", "mallory", 9_005, True))
    assert linked.startswith(b"LINKED"), linked
    link.settimeout(None)
    Thread(target=stay, args=(link,), daemon=True).start()
    few = range(times // 10)
    strangers = sum(is_granted(host, port, Relay(f"stranger{n}", "ben")) for n in few)
    began, placed, held = time.monotonic(), [], []
    for n in range(times):
        connection, answer = ask(host, port, Relay("mallory", f"s{n}"))
        if answer.startswith(b"PLACED"):
            message = decode(answer)
            assert isinstance(message, Placed)
            placed.append((connection, message.token, f"s{n}"))
        else:
            connection.close()
    guessed = sum(is_granted(host, port, Meet("ben", f"{n:032x}")) for n in few)
    for connection, token, name in placed[-2:]:
        with suppress(OSError):
            # One sends without end, and the other one never reads.
            came = dial(host, port)
            came.sendall(encode(Meet(name, token)))
            held.append(came)
            connection.setblocking(False)
            came.setblocking(False)
    told = {
        "strangers": strangers,
        "placed": len(placed),
        "seconds": time.monotonic() - began,
        "guessed": guessed,
    }
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for connection in held:
            with suppress(OSError):
                connection.send(bytes(100_000))
        time.sleep(0.01)


if __name__ == "__main__":
    main()
