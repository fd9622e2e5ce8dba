"""What a peer without neighbors says of the others."""

from types import SimpleNamespace
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer_errors import NoNetwork, NotFound, PeerError
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerAddress
from tests.peer.cases import AnsweringNetwork, PeerTestCase, searches_in

ME = PeerAddress("cleo", "10.77.0.25", 9_000)
BEN = PeerAddress("ben", "10.77.0.24", 9_000)


class AloneTests(SynchronousTestCase):
    """Why there is no neighbor."""

    def setUp(self) -> None:
        unused = cast(Any, None)
        self.session = NetworkSession(unused, unused, unused, unused, unused)
        self.driver = SimpleNamespace(me=ME, neighbors=(), feed=lambda _event: None)
        self.session._overlay = cast(Any, (self.driver, None))

    def alone(self, *referrals: PeerAddress) -> str:
        self.session.introduce(referrals)
        return self.session.alone()

    def test_nobody(self) -> None:
        """Where the registry knows nobody else, nobody is there."""
        self.assertEqual(self.alone(), "there is no other peer at the moment")

    def test_unreachable(self) -> None:
        """Those that the registry names are there, and cannot be reached."""
        self.assertEqual(
            self.alone(BEN),
            "ben (10.77.0.24:9000) is there but cannot be reached, nor reach us: a firewall? let"
            " ports 9000-9009 in on one of the two machines",
        )
        self.assertIn("ben (10.77.0.24:9000) and 1 more are there but", self.alone(BEN, BEN))

    def test_one_machine(self) -> None:
        """Between peers of one machine there is no firewall."""
        self.assertIn("no other peer", self.alone(PeerAddress("s2", "127.0.0.1", 9_001)))

    def test_neighbors(self) -> None:
        """A peer that has neighbors is not alone."""
        self.driver.neighbors = (BEN,)
        self.assertEqual(self.alone(BEN), "")

    def test_left(self) -> None:
        """Where there were neighbors, no firewall is why they are gone, or nobody is heard."""
        for named_first in (True, False):
            self.driver.neighbors = ()
            if named_first:
                self.session.introduce((BEN,))
            self.driver.neighbors = (BEN,)
            self.session.neighbor_up()
            if not named_first:
                self.session.introduce((BEN,))
            self.driver.neighbors = ()
            self.assertEqual(self.session.alone(), "there is no other peer at the moment")
        self.assertIn("ben (10.77.0.24:9000) is there", self.alone(BEN))


class CutOffTests(SynchronousTestCase):
    """Downloads of a peer that has no network at the moment."""

    def test_downloads(self) -> None:
        """They are told that nobody has anything, and so look again later."""
        session = NetworkSession(*[cast(Any, None)] * 5)
        session.lost_address("this machine no longer has an address")
        searches = searches_in(session)
        hit = Hit("ben", "f1.txt", 1, file="0" * 64)
        self.assertEqual(self.successResultOf(searches.find("0" * 64)), ())
        self.assertIs(self.successResultOf(searches.has_changed(hit, again=False)), False)
        self.failureResultOf(Deferred.fromCoroutine(searches.ask("text", "f1")), NoNetwork)


class ChangeTests(SynchronousTestCase):
    """Whether a holder has other content now."""

    def has_changed(self, *found: Hit) -> bool:
        searches = searches_in(AnsweringNetwork(found))
        hit = Hit("ben", "f1", 2, file="0" * 64)
        return self.successResultOf(searches.has_changed(hit, again=False))

    def test_changed(self) -> None:
        """One that has another content, or size, under its name has changed it."""
        self.assertIs(self.has_changed(Hit("ben", "f1", 2, file="1" * 64)), True)
        self.assertIs(self.has_changed(Hit("ben", "f1", 3)), True)

    def test_not_changed(self) -> None:
        """One that hashes it anew may have it still; a folder likewise."""
        for hits in (
            [],
            [Hit("ben", "f1", 2, file="0" * 64)],
            [Hit("ben", "f1", 2, file="1" * 64), Hit("ben", "f1", 2, file="0" * 64)],
            [Hit("ben", "f1", 2, hashed=3)],
            [Hit("ben", "f1", 1, kind="folder", hashed=3)],
            [Hit("ben", "sub/f1", 2, file="1" * 64)],
        ):
            self.assertIs(self.has_changed(*hits), False, hits)


class SilentTests(PeerTestCase):
    """Peers that are named, and do not answer."""

    def test_named(self) -> None:
        """One that hangs is not said to be gone."""
        daemons = self.daemons()
        daemons.start_many(3)
        daemons.run(20)
        daemons.network.processes["s3"].halt()
        asking: Deferred[Any] = daemons.peers["s1"].listing("s3")
        with self.assertRaisesRegex(PeerError, "s3 does not answer at the moment"):
            daemons.result(asking)

    def test_nobody(self) -> None:
        """Without any other peer, get and find give the same reason."""
        daemons = self.daemons()
        daemons.start("s1")
        daemons.run(5)
        found = daemons.result(daemons.peers["s1"].find("x"))
        self.assertEqual(found.alone, "there is no other peer at the moment")
        with self.assertRaisesRegex(NotFound, f"no peer has x: {found.alone}"):
            daemons.get("s1", "x")
