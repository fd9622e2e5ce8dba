"""Other users of the machine send requests without end: the peer has time for others."""

import selectors
import socket
import time
from contextlib import ExitStack
from typing import ClassVar

import pytest

from tests.process.abused import AbusedCase, Network
from tests.process.daemons import free_port

_SECONDS = 5.0
_CONNECTIONS = 20
_REQUESTS = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2_000


class HttpTests(AbusedCase):
    """One of the peers has a gateway, which answers nobody who calls it by a wrong name."""

    gateway: ClassVar[int]

    @classmethod
    def setUpClass(cls) -> None:
        cls.gateway = free_port()
        options = {"s1": ("--gateway", str(cls.gateway))}
        cls.network = Network("s1", "s2", options=options)
        cls.addClassCleanup(cls.network.end)
        cls.network.exchange("s1", "s2")
        cls.flood(0.5)
        cls.remember_memory()

    @pytest.mark.slow
    def test_pipelined(self) -> None:
        """Thousands of requests on each of several connections keep no newcomer waiting."""
        self.assertGreater(self.flood(_SECONDS), _CONNECTIONS)

    @classmethod
    def flood(cls, seconds: float) -> int:
        """Send as many requests as are taken; return how many were answered."""
        answered, until = 0, time.monotonic() + seconds
        with selectors.DefaultSelector() as selector, ExitStack() as open_connections:
            for _ in range(_CONNECTIONS):
                made = open_connections.enter_context(
                    socket.create_connection(("127.0.0.1", cls.gateway))
                )
                made.setblocking(False)
                events = selectors.EVENT_READ | selectors.EVENT_WRITE
                selector.register(made, events, bytearray())
            while time.monotonic() < until:
                for key, ready in selector.select(0.1):
                    connection, unsent = key.fileobj, key.data
                    assert isinstance(connection, socket.socket)
                    if ready & selectors.EVENT_READ:
                        answered += connection.recv(1 << 16).count(b"HTTP/1.1 403 ")
                    if ready & selectors.EVENT_WRITE:
                        unsent += _REQUESTS if not unsent else b""
                        del unsent[: connection.send(unsent)]
        return answered
