"""When a peer says that it is ready."""

import os
import socket
import tempfile
from pathlib import Path

from twisted.internet.defer import Deferred

from p2p_twisted.library.indexer import Indexer
from tests.peer.cases import PeerTestCase


class ReadyTests(PeerTestCase):
    """What the service manager is told while the library is hashed for hours."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        path = str(Path(scratch.name) / "manager")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(path)
        self.manager.setblocking(False)
        self.settling: list[Deferred[None]] = []
        self.patch(Indexer, "settled", lambda _indexer: self.settle_later())
        self.all = self.daemons()
        # By then the registry has told, too.
        self.all.run(1.0)
        self.patch(os, "environ", {**os.environ, "NOTIFY_SOCKET": path})
        self.peer = self.all.start("s1", reshares=True)

    def settle_later(self) -> "Deferred[None]":
        self.settling.append(Deferred())
        return self.settling[-1]

    def told(self) -> str:
        try:
            return self.manager.recv(1_000).decode()
        except BlockingIOError:
            return ""

    def test_in_time(self) -> None:
        """It is ready when all libraries have settled, and says so once."""
        self.all.run(5.0)
        self.assertEqual(self.told(), "")
        while self.settling:
            self.settling.pop().callback(None)
        self.all.run(1.0)
        self.assertIn("READY=1", self.told())
        self.all.run(10.0)
        self.assertEqual(self.told(), "")

    def test_too_late(self) -> None:
        """It is ready 8 s after it has joined; hashing ends whenever it does."""
        self.all.run(7.0)
        self.assertEqual(self.told(), "")
        self.all.run(2.0)
        self.assertIn("READY=1", self.told())
        while self.settling:
            self.settling.pop().callback(None)
        self.all.run(1.0)
        self.assertEqual(self.told(), "")

    def test_leaves_meanwhile(self) -> None:
        """A peer that leaves while it hashes logs no failure, whether it was ready or not."""
        for seconds in (5.0, 15.0):
            self.all.run(seconds)
            stopped = self.all.stop("s1")
            for settling in self.settling:
                settling.cancel()
            self.all.result(stopped)
            self.settling.clear()
            self.all.start("s1")
