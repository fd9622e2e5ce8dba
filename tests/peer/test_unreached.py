"""What a person is told of requesters that cannot be served."""

from types import SimpleNamespace
from typing import Any, cast

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.unreached import UnreachedRequesters
from p2p_twisted.wire.messages import Want
from p2p_twisted.wire.names import PeerAddress

FILE = "a" * 64
ME = PeerAddress("ben", "10.77.0.24", 9_000)


class UnreachedTests(SynchronousTestCase):
    """One line for each host, and few altogether."""

    def setUp(self) -> None:
        self.clock, self.said = Clock(), list[str]()
        network = cast(Any, SimpleNamespace(driver=SimpleNamespace(me=ME)))
        shared = cast(Any, SimpleNamespace(name_of={FILE: "zwei.zip"}.get))
        self.unreached = UnreachedRequesters(self.clock, network, shared, self.said.append)

    def tell(self, host: str = "10.77.0.25", port: int = 9_001, file: str = FILE) -> None:
        self.unreached.tell(Want("e" * 32, file, "cleo", host, port))

    def test_says(self) -> None:
        """It names the requester, what it wants, and what to do."""
        self.tell()
        self.assertEqual(
            self.said,
            [
                "cleo (10.77.0.25:9001) wants zwei.zip but cannot be reached, nor reach us: a"
                " firewall? let ports 9000-9009 in on one of the two machines"
            ],
        )

    def test_other_ports(self) -> None:
        """Ports other than the usual ones are named themselves."""
        self.tell("fd00::1", 12_000, "b" * 64)
        self.assertIn("cleo ([fd00::1]:12000) wants a file", self.said[0])
        self.assertIn("let ports 9000 and 12000 in", self.said[0])

    def test_once(self) -> None:
        """The same host is told of again only after ten minutes."""
        self.tell()
        self.tell(port=9_002)
        self.clock.advance(599.0)
        self.tell()
        self.assertEqual(len(self.said), 1)
        self.clock.advance(1.0)
        self.tell()
        self.assertEqual(len(self.said), 2)

    def test_made_up(self) -> None:
        """Hosts that somebody makes up fill neither the screen nor the memory."""
        for second in range(60):
            for number in range(20):
                self.tell(f"10.1.{second}.{number + 1}")
            self.clock.advance(1.0)
        self.assertLessEqual(len(self.said), 8)
        self.assertLessEqual(len(self.unreached._told), 8)
