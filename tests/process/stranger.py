"""
A peer that misbehaves: plain sockets on which the line protocol is spoken by hand.

It shares no code with the daemons, so that it can say whatever it likes.
"""

import contextlib
import json
import os
import resource
import secrets
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Any

from blake3 import blake3

LOOPBACK = "127.0.0.1"
PATIENCE = 20.0
CHUNK = 1 << 20

Said = tuple[str, dict[str, Any]]


def a_ticket() -> str:
    """Make up a ticket, or the id of a message."""
    return secrets.token_hex(16)


def digests_of(content: bytes) -> bytes:
    """Digest content chunk by chunk."""
    chunks = (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))
    return b"".join(blake3(chunk).digest() for chunk in chunks)


def id_of(content: bytes) -> str:
    """Name content as honest peers do."""
    return blake3(len(content).to_bytes(8, "big") + digests_of(content)).hexdigest()


class Line:
    """
    One end of a connection.

    :ivar socket: for what this class is too polite to do.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        self.socket = connection
        self._received = b""

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def write(self, content: bytes) -> bool:
        """Send bytes; tell whether the other side still takes them."""
        try:
            self.socket.sendall(content)
        except OSError:
            return False
        return True

    def say(self, verb: str, **fields: Any) -> bool:
        """Send a message; tell whether the other side still takes any."""
        return self.write(f"{verb} {json.dumps(fields)}\r\n".encode())

    def hear(self, *verbs: str) -> Said:
        """
        Wait for the next message, or for one of these, and answer pings meanwhile.

        :raises EOFError: when the other side has closed.
        """
        while True:
            verb, _, body = self._line().partition(" ")
            fields = json.loads(body or "{}")
            if verb == "PING" and verb not in verbs:
                self.say("PONG", **fields)
            elif not verbs or verb in verbs:
                return verb, fields

    def read(self, length: int) -> bytes:
        """Read raw bytes."""
        while len(self._received) < length:
            self._receive()
        taken, self._received = self._received[:length], self._received[length:]
        return taken

    def hear_all(self) -> list[Said]:
        """Wait until the other side closes; returns what it said before."""
        heard = []
        with contextlib.suppress(EOFError):
            while True:
                heard.append(self.hear())
        return heard

    def is_cut(self) -> bool:
        """Wait until the other side closes, whatever it says before."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    def reset(self) -> None:
        """Close as a crash does, so that the other side gets an error."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def close(self) -> None:
        """Close."""
        self.socket.close()

    def _line(self) -> str:
        while b"\n" not in self._received:
            self._receive()
        line, _, self._received = self._received.partition(b"\n")
        return line.strip().decode()

    def _receive(self) -> None:
        try:
            received = self.socket.recv(1 << 16)
        except ConnectionError:
            received = b""
        if not received:
            raise EOFError("the other side has closed")
        self._received += received


def connections_left() -> int:
    """Return how many connections this process may still make, and open a hundred files."""
    most, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most - len(os.listdir("/proc/self/fd")) - 100


def call(port: int) -> Line:
    """Connect, and leave the greeting unread."""
    return Line(socket.create_connection((LOOPBACK, port), PATIENCE))


def become_neighbor(port: int, name: str, own_port: int = 1_024) -> Line:
    """Link with a peer as a newcomer that says it listens at ``own_port``."""
    line = call(port)
    try:
        line.hear("HELLO")
        line.say("LINK", why="join", name=name, port=own_port, alone=True)
        line.hear("LINKED")
    except EOFError:
        line.close()
        raise
    return line


class SilentFlood:
    """
    A thread that keeps up connections on which nothing is said.

    :ivar renewed: how many were dropped, and made again.
    """

    def __init__(self, port: int, number: int) -> None:
        self._port = port
        self._number = number
        self._is_over = False
        self.renewed = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Close all; twice does no harm."""
        self._is_over = True
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector, contextlib.ExitStack() as closing:
            while not self._is_over:
                while len(selector.get_map()) < self._number:
                    line = closing.enter_context(call(self._port))
                    selector.register(line.socket, selectors.EVENT_READ)
                for key, _ in selector.select(0.01):
                    with contextlib.suppress(OSError):
                        if key.fileobj.recv(1 << 10):  # type: ignore[union-attr]
                            continue
                    selector.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
                    self.renewed += 1


class Listener:
    """
    A port where each connection is served by a thread of its own.

    :param serve: is given each connection; without it the bytes that come are kept.
    :ivar port: where it listens.
    :ivar calls: how many connections came.
    :ivar received: the bytes that came.
    """

    def __init__(self, serve: Callable[[Line], None] | None = None) -> None:
        self._socket = socket.create_server((LOOPBACK, 0), backlog=128)
        self._serve = serve or self._keep
        self._lines: list[Line] = []
        self.port: int = self._socket.getsockname()[1]
        self.calls = 0
        self.received = b""
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more, and close what came."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self._socket.close()
        for line in self._lines:
            line.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line = Line(self._socket.accept()[0])
                self._lines.append(line)
                self.calls += 1
                threading.Thread(target=self._talk, args=[line], daemon=True).start()

    def _talk(self, line: Line) -> None:
        with line, contextlib.suppress(OSError, EOFError):
            self._serve(line)

    def _keep(self, line: Line) -> None:
        while received := line.socket.recv(1 << 16):
            self.received += received


class Neighbor:
    """
    A link with a thread that answers pings and questions, as one that shares nothing.

    :param own_port: where it says that it listens.
    :param on: what to do instead with messages, by verb: each is given this neighbor, as the first
        may come before whoever makes it has it.
    :ivar heard: all that was said to it.
    """

    def __init__(
        self,
        port: int,
        name: str,
        own_port: int = 1_024,
        **on: Callable[["Neighbor", dict[str, Any]], object],
    ) -> None:
        self.name = name
        self.heard: list[Said] = []
        self.line = become_neighbor(port, name, own_port)
        self._on = on
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Neighbor":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the link without a word."""
        with contextlib.suppress(OSError):
            self.line.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self.line.close()

    @property
    def is_linked(self) -> bool:
        """Whether the link still stands."""
        return self._thread.is_alive()

    def _run(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                verb, fields = self.line.hear()
                self.heard.append((verb, fields))
                if verb in self._on:
                    self._on[verb](self, fields)
                elif verb == "ASK":
                    record = [{"peer": self.name}] if fields["what"] == "topo" else []
                    self.line.say("TOLD", id=fields["id"], peers=record, answered=1)


def a_hit(content: bytes, name: str, holder: str, **others: Any) -> dict[str, Any]:
    """Claim to have something."""
    return {"peer": holder, "name": name, "size": len(content), "file": id_of(content), **others}
