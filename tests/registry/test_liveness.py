"""Seeing whether peers are alive."""

from p2p_twisted.registry import limits
from p2p_twisted.registry.liveness import Checker
from p2p_twisted.wire.names import PeerAddress
from tests.registry.builders import LOOPBACK
from tests.registry.wires import Babbler, OneProtocol, WiredTestCase

S1 = PeerAddress("s1", LOOPBACK, 9001)


class CheckerTests(WiredTestCase):
    """A peer lives if it greets under its name."""

    def setUp(self) -> None:
        super().setUp()
        self.checker = Checker(self.wires.reactor, "default")

    def verdict(self, seconds: float = 0) -> bool:
        """Check s1."""
        answer = self.checker.is_alive(S1)
        self.wires.settle(seconds)
        alive: bool = self.successResultOf(answer)
        return alive

    def test_alive(self) -> None:
        """It greets."""
        self.wires.listen_as(S1)
        self.assertTrue(self.verdict())

    def test_refused(self) -> None:
        """Nobody listens there."""
        self.assertFalse(self.verdict())

    def test_somebody_else(self) -> None:
        """Another peer, or one of another network, has its port now."""
        self.wires.listen_as(PeerAddress("s2", LOOPBACK, 9001))
        self.assertFalse(self.verdict())
        self.wires.listen_as(S1, network="other")
        self.assertFalse(self.verdict(limits.CHECK_AGAIN_SECONDS))

    def test_something_else(self) -> None:
        """What is no peer gets no byte."""
        mail = Babbler(b"220 mail ready\r\n")
        self.wires.factories[9001] = OneProtocol(mail)
        self.assertFalse(self.verdict())
        self.assertEqual(mail.heard, b"")

    def test_silence(self) -> None:
        """A stopped process, or a packet filter, is waited for only so long."""
        self.wires.factories[9001] = OneProtocol(Babbler(b""))
        self.assertFalse(self.verdict(limits.CHECK_SECONDS))

    def test_black_hole(self) -> None:
        """So is an address that does not even refuse."""
        self.wires.unanswered.add(9001)
        self.assertFalse(self.verdict(limits.CHECK_SECONDS))
        self.assertEqual(self.wires.reactor.getDelayedCalls(), [])

    def test_shared(self) -> None:
        """Who asks at the same time shares one dial."""
        self.wires.listen_as(S1)
        answers = [self.checker.is_alive(S1) for _ in range(5)]
        self.wires.settle()
        self.assertEqual([self.successResultOf(answer) for answer in answers], 5 * [True])
        self.assertEqual(self.wires.dials, 1)

    def test_not_hammered(self) -> None:
        """Who asks again soon waits for the next dial, which is a second later."""
        self.wires.listen_as(S1)
        self.assertTrue(self.verdict())
        del self.wires.factories[9001]
        answers = [self.checker.is_alive(S1) for _ in range(5)]
        self.wires.settle(limits.CHECK_AGAIN_SECONDS / 2)
        self.assertNoResult(answers[0])
        self.assertEqual(self.wires.dials, 1)
        self.wires.settle(limits.CHECK_AGAIN_SECONDS / 2)
        self.assertEqual([self.successResultOf(answer) for answer in answers], 5 * [False])
        self.assertEqual(self.wires.dials, 2)

    def test_bounded(self) -> None:
        """Not all of a large network is dialed at once."""
        peers = [PeerAddress(f"s{port}", LOOPBACK, port) for port in range(9000, 9080)]
        self.wires.unanswered.update(peer.port for peer in peers)
        answers = [self.checker.is_alive(peer) for peer in peers]
        dials = []
        for _ in range(3):
            self.wires.settle()
            dials.append(self.wires.dials)
            self.wires.settle(limits.CHECK_SECONDS)
        most = limits.CHECKS_AT_ONCE
        self.assertEqual(dials, [most, 2 * most, len(peers)])
        self.assertEqual([self.successResultOf(answer) for answer in answers], 80 * [False])
