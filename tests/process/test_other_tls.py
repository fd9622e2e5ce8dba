"""Another implementation of TLS at the other end, which does what ours does not by itself."""

import contextlib
import os
import select
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Final

import pytest
from twisted.internet.epollreactor import EPollReactor
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.limits import LINE_BYTES
from p2p_twisted.wire.messages import Chunk, Message, Ping
from p2p_twisted.wire.securing import SecuredConnection
from tests.process.daemons import PATIENCE, scratch_folder
from tests.wire.ends import connect, dismantle
from tests.wire.secured_ends import ANNA, S1
from tests.wire.talking import HELLO, Notes

# No letter: a line that begins with one may be a command of s_client.
_HALF: Final = b"0123456789" * 50_000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")
class OtherTlsTests(SynchronousTestCase):
    """Anna has ``openssl s_client``."""

    def setUp(self) -> None:
        self.reactor = EPollReactor()
        folder = scratch_folder(self)
        key = folder / "anna.pem"
        key.write_bytes(ANNA.to_pem())
        self.said = folder / "said"
        with socket.create_server(("127.0.0.1", 0)) as listening, self.said.open("wb") as said:
            listening.settimeout(PATIENCE)
            where = "{}:{}".format(*listening.getsockname())
            self.client = subprocess.Popen(
                ["openssl", "s_client", "-connect", where, "-cert", key, "-cert_chain", key],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
            self.addCleanup(self._end)
            self.wire, _address = listening.accept()
        self.wire.setblocking(False)
        ours, self.other = socket.socketpair()
        self.other.setblocking(False)
        self.connection = Connection(self.reactor, self._noted, HELLO)
        security = TlsSecurity(S1, RevocationList("default"), self.reactor)
        connect(self.reactor, ours, SecuredConnection(self.connection, security, is_dialer=False))

    def _noted(self, connection: Connection) -> Notes:
        self.notes = Notes(connection)
        return self.notes

    def _end(self) -> None:
        self.client.kill()
        self.client.wait()
        assert self.client.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.client.stdin.close()
        self.wire.close()
        self.connection.abort()
        for _ in range(3):
            self.reactor.iterate(0)
        self.other.close()
        dismantle(self.reactor)

    def say(self, said: bytes) -> None:
        """Have anna send something; it comes at once."""
        assert self.client.stdin is not None
        os.set_blocking(self.client.stdin.fileno(), False)
        sealed, left = bytearray(), memoryview(said)
        deadline = time.monotonic() + PATIENCE
        while left or len(sealed) < len(said):
            self.assertLess(time.monotonic(), deadline, self.said.read_text(errors="replace"))
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(self.client.stdin.fileno(), left) :]
            select.select([self.wire], [], [], 0.01)
            with contextlib.suppress(BlockingIOError):
                sealed += self.wire.recv(1 << 20)
        while sealed:
            with contextlib.suppress(BlockingIOError):
                del sealed[: self.other.send(sealed)]
            self.reactor.iterate(0)

    def relay(self) -> None:
        """Pass on what has come from either side."""
        for whence, to in ((self.wire, self.other), (self.other, self.wire)):
            with contextlib.suppress(BlockingIOError):
                to.sendall(whence.recv(1 << 16))

    def until(self, condition: Callable[[], object]) -> None:
        """Take turns until something is true."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline, self.said.read_text(errors="replace"))
            self.relay()
            self.reactor.iterate(0.01)

    def test_other_keys(self) -> None:
        """Both sides go over to other keys in the middle of a block, and nothing is lost."""
        length = 2 * len(_HALF)
        block, moved, done = memoryview(bytearray(length)), list[int](), list[bool]()

        def received(message: Message) -> None:
            self.connection.input.expect_block(block, moved.append, lambda: done.append(True))

        self.notes.received = received  # type: ignore[method-assign]
        self.until(lambda: b"HELLO" in self.said.read_bytes())
        self.say(encode(Chunk(0, length)) + _HALF)
        self.until(lambda: sum(moved) == len(_HALF))
        self.say(b"K\n")
        self.until(lambda: b"KEYUPDATE" in self.said.read_bytes())
        self.say(_HALF)
        self.until(lambda: done)
        self.assertEqual(bytes(block), 2 * _HALF)
        # Most of it came straight.
        self.assertGreater(max(moved), LINE_BYTES)
        self.connection.send(Ping(7))
        self.until(lambda: b"PING" in self.said.read_bytes())
