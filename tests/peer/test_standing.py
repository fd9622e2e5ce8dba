"""What a person is told of how a peer stands with the others."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.lease_events import Ended, LeaseEvent, NeighborsChanged, StartOverlay, Woken
from p2p_twisted.peer.standing import Standing
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Welcome
from p2p_twisted.wire.names import PeerAddress

ME = PeerAddress("cleo", "10.77.0.25", 9_000)
WELCOME = Welcome(ME.name, ME.host, ME.port, 60.0, "0" * 32)
AWAY = RegistryUnreachable("the registry cannot be reached")
CUT = "cut off: there is no neighbor, and no registry; trying until one is back"


class StandingTests(SynchronousTestCase):
    """Events, and what is said of them."""

    def setUp(self) -> None:
        self.standing, self.now = Standing(), 0.0

    def said(self, *events: LeaseEvent, apart: float = 1.0) -> list[str]:
        said = []
        for event in events:
            said += self.standing.handle(event, self.now)
            self.now += apart
        return said

    def join(self) -> None:
        self.standing.performed(StartOverlay(ME))
        self.assertEqual(self.said(WELCOME, NeighborsChanged(2)), [])

    def test_cut_off(self) -> None:
        """A peer without neighbors and registry says so once, and that it is back, and when."""
        self.join()
        self.assertEqual(self.said(AWAY, NeighborsChanged(1)), [])
        self.assertEqual(self.said(NeighborsChanged(0), AWAY, Woken(), AWAY), [CUT])
        back = "back in the network, after 4 s"
        self.assertEqual(self.said(NeighborsChanged(1), WELCOME, NeighborsChanged(2)), [back])
        self.assertEqual(self.said(NeighborsChanged(0), AWAY), [CUT])
        self.assertEqual(self.said(WELCOME), ["back in the network, after 1 s"])

    def test_clock(self) -> None:
        """A clock that is so wrong that it matters is told of once, and when it is right again."""
        tell = self.standing.clock_found
        self.assertEqual(tell(-119.0), [])
        [said] = tell(-90_000.0)
        self.assertIn("clock is 25:00:00 behind the registry's: set one of them right", said)
        self.assertEqual(tell(-90_030.0), [])
        self.assertEqual(tell(2.0), ["this machine's clock and the registry's agree again"])
        [said] = tell(121.0)
        self.assertIn("clock is 2:01 ahead of the registry's", said)

    def test_alone(self) -> None:
        """The only peer of a network is not cut off, nor is one that the registry refuses."""
        self.join()
        refused = RegistryRefused("unknown", "join again")
        self.assertEqual(self.said(NeighborsChanged(0), WELCOME, refused, WELCOME), [])

    def test_refused(self) -> None:
        """A peer that was cut off and is refused then is not back in the network."""
        self.join()
        refused = RegistryRefused("refused", "the certificate of cleo was revoked")
        self.assertEqual(self.said(NeighborsChanged(0), AWAY, refused, refused), [CUT])
        later = RegistryRefused("later", "the registry's disk is full")
        self.assertEqual(self.said(later), ["back in the network, after 3 s"])

    def test_never_in(self) -> None:
        """A peer that has found nobody yet is not cut off, and one that leaves is not either."""
        self.assertEqual(self.said(AWAY, NeighborsChanged(0), AWAY), [])
        self.standing.performed(StartOverlay(ME))
        self.assertEqual(self.said(AWAY), [])
        self.join()
        self.assertEqual(self.said(Ended(), AWAY, NeighborsChanged(0)), [])

    def test_reach(self) -> None:
        """Whether others can reach it is said when it is known, and when it changes."""
        self.assertFalse(self.standing.is_to_be_checked)
        self.join()
        self.assertTrue(self.standing.is_to_be_checked)
        closed = attrs.evolve(WELCOME, reachable=False)
        (said,) = self.said(closed, WELCOME, closed)
        self.assertIn("cannot reach cleo@10.77.0.25:9000: a firewall? let ports", said)
        self.assertEqual(
            (self.standing.is_reachable, self.standing.is_to_be_checked), (False, True)
        )
        (said,) = self.said(attrs.evolve(WELCOME, reachable=True), WELCOME)
        self.assertEqual(said, "others can reach cleo@10.77.0.25:9000")
        self.assertFalse(self.standing.is_to_be_checked)

    def test_closed_later(self) -> None:
        """Once somebody could not reach it, it is looked for again."""
        self.join()
        self.said(attrs.evolve(WELCOME, reachable=True))
        self.standing.doubt()
        self.assertTrue(self.standing.is_to_be_checked)
        (said,) = self.said(WELCOME, attrs.evolve(WELCOME, reachable=False))
        self.assertIn("others cannot reach", said)

    def test_barred(self) -> None:
        """Where others are there, and neither side can dial, that is said once."""
        ben = PeerAddress("ben", "10.77.0.24", 9_000)
        closed = attrs.evolve(WELCOME, reachable=False, referrals=(ben,))
        self.standing.performed(StartOverlay(ME))
        self.assertEqual(len(self.said(closed, closed, closed, apart=2.5)), 2)
        self.assertEqual(self.said(closed, closed), [])
        self.assertEqual(self.said(NeighborsChanged(1), closed), [])
        # Those that it was linked with may take the link for alive, and not link anew.
        self.assertEqual(self.said(NeighborsChanged(0), closed, closed, closed, apart=4.0), [])
        (said,) = self.said(closed, closed, closed, apart=4.0)
        self.assertIn("ben (10.77.0.24:9000) is in the network but cannot be reached", said)

    def test_not_barred(self) -> None:
        """A peer that others can dial, or that has just lost them, is not behind a firewall."""
        ben = PeerAddress("ben", "10.77.0.24", 9_000)
        self.standing.performed(StartOverlay(ME))
        opened = attrs.evolve(WELCOME, reachable=True, referrals=(ben,))
        self.assertEqual(len(self.said(*[opened] * 9)), 1)
        alone = attrs.evolve(WELCOME, reachable=False)
        self.assertEqual(len(self.said(*[alone] * 9)), 1)

    def test_barred_on_the_way(self) -> None:
        """That the registry can dial it does not mean that others can: then it is said later."""
        ben = PeerAddress("ben", "10.77.0.24", 9_000)
        self.standing.performed(StartOverlay(ME))
        opened = attrs.evolve(WELCOME, reachable=True, referrals=(ben,))
        self.assertEqual(self.said(*[opened] * 15), [f"others can reach {ME}"])
        [said] = self.said(*[opened] * 30)
        self.assertIn("ben (10.77.0.24:9000) is in the network but cannot be reached", said)

    def test_loopback(self) -> None:
        """On one machine nobody asks."""
        self.standing.performed(StartOverlay(attrs.evolve(ME, host="127.0.0.1")))
        self.assertFalse(self.standing.is_to_be_checked)
