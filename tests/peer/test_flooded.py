"""A neighbor that asks without end, and answers nobody, keeps others waiting for half a second."""

from collections.abc import Callable
from itertools import count
from typing import Any

from twisted.internet.task import LoopingCall

from p2p_twisted.download.progress import Saved
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.introspection import driver_of
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import BoundDialer, dial
from p2p_twisted.wire.messages import Ask, Hello, Link, Linked, Message, Refuse
from p2p_twisted.wire.session import Session
from tests.peer.cases import PeerTestCase

_PER_SECOND = 400
_SECONDS = 2.0


class Flooder(Session):
    """Becomes a neighbor, and says lines without end, but nothing to what it is asked."""

    def __init__(self, line: Callable[[int], Message], connection: Connection) -> None:
        self._line = line
        self._connection = connection
        self._numbers = count()
        self.flooding = LoopingCall(self._flood)

    def greeted(self, hello: Hello) -> None:
        self._connection.send(Link("join", "evil", 1_024, alone=True))

    def received(self, message: Message) -> None:
        if isinstance(message, Linked):
            self._connection.clear_deadline()
            self.flooding.start(1 / _PER_SECOND)

    def _flood(self) -> None:
        self._connection.send(self._line(next(self._numbers)))


class FloodedTests(PeerTestCase):
    """s1 and s2 share files, and s1 has one neighbor more."""

    def flooded(self, line: Callable[[int], Message]) -> VirtualDaemons:
        daemons = self.daemons()
        for name in ("s1", "s2"):
            daemons.start(name, {f"{name}-{number}.txt": name.encode() for number in range(10)})
        daemons.run(10.0)
        security = self.security_of(daemons, "evil")
        reactor: Any = daemons.network.process("evil")
        dialer = BoundDialer(reactor, "", security)
        driver = driver_of(daemons.peers["s1"])
        assert driver is not None

        def begin(connection: Connection) -> Flooder:
            flooder = Flooder(line, connection)
            flooder.flooding.clock = reactor
            return flooder

        dial(dialer, driver.me.host, driver.me.port, Connection(dialer, begin))
        daemons.run(2.0)
        self.assertIn("evil", [neighbor.name for neighbor in driver.neighbors])
        return daemons

    def assert_served(self, line: Callable[[int], Message]) -> None:
        """Have both peers search and download what the other one has."""
        daemons = self.flooded(line)
        for number in range(2):
            for asking, holder in (("s2", "s1"), ("s1", "s2")):
                wanted = f"{holder}-{number}.txt"
                finding = daemons.peers[asking].find(wanted)
                found = daemons.result(finding, within=_SECONDS)
                self.assertEqual([hit.name for hit in found.hits], [wanted])
                saved = daemons.get(asking, wanted, within=_SECONDS)
                self.assertIsInstance(saved.state, Saved)

    def test_questions(self) -> None:
        """Also from the first one on, as it has asked for more than it may by then."""
        self.assert_served(lambda number: Ask(f"{number:032x}", "text", "*", wait=10.0))

    def test_requests(self) -> None:
        """What nobody answers counts, too."""
        self.assert_served(lambda number: Refuse(f"{number:032x}", "no", ("s2",)))
