"""How a registration goes on, event by event."""

from p2p_twisted.peer.lease import LeaseMachine
from p2p_twisted.peer.lease_events import (
    Ended,
    Introduce,
    JoinBegun,
    JoiningEnded,
    Listen,
    Listened,
    NeighborsChanged,
    Remember,
    Say,
    StartOverlay,
    WakeLater,
    Woken,
)
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Join
from tests.peer.lease_case import (
    AWAY,
    JOIN_AGAIN,
    LEAVE,
    ME,
    OTHER,
    RENEW,
    RESERVED,
    TAKEN,
    UNKNOWN,
    LeaseTestCase,
    a_welcome,
)


class LeaseTests(LeaseTestCase):
    def test_joins(self) -> None:
        """It asks, listens, is written down, and renews what is only reserved so far."""
        self.assertEqual(self.after(JoinBegun()), [Join("s1")])

    def test_own_token(self) -> None:
        """A newcomer shows a token of its own."""
        self.assertEqual(self.after(JoinBegun(token="secret")), [Join("s1", token="secret")])
        self.assertEqual(self.after(a_welcome()), [Listen(9_000)])
        self.assertEqual(
            self.after(Listened(is_listening=True)),
            [
                Remember(ME, "secret"),
                StartOverlay(ME),
                Introduce((OTHER,)),
                RENEW,
                JoiningEnded(ME),
            ],
        )
        self.assertTrue(self.machine.is_registered)

    def test_busy_port(self) -> None:
        """A port that cannot be listened on is named, so that another one is given."""
        busy = Listened(is_listening=False)
        self.assertEqual(
            self.after(JoinBegun(), a_welcome(), busy),
            [Join("s1", unusable=(9_000,), token="secret")],
        )
        for port in range(9_001, 9_100):
            self.after(a_welcome(port), busy)
        [ended] = self.after(a_welcome(9_100), busy)
        assert isinstance(ended, JoiningEnded)
        self.assertIsInstance(ended.outcome, RegistryRefused)

    def test_later(self) -> None:
        """What passes by itself is waited for, for as long as it takes, and said once."""
        later = RegistryRefused("later", "its disk may be full")
        say, wake = self.after(JoinBegun(ME, "secret"), later)
        self.assertEqual(say, Say("waiting for the registry: its disk may be full"))
        self.assertIsInstance(wake, WakeLater)
        for now in range(1, 100):
            self.assertEqual(self.after(Woken(), now=float(now)), [JOIN_AGAIN])
            [wake] = self.after(later, now=float(now))
            self.assertIsInstance(wake, WakeLater)
        self.assertEqual(self.after(a_welcome()), [Listen(9_000)])
        self.after(Listened(is_listening=True))
        self.assertNotIn(Say("registered again"), self.after(a_welcome()))

    def test_name_of_one_that_nobody_can_dial(self) -> None:
        """A name whose holder may be dead is waited for until it is free, or known to be in use."""
        for is_alive in (False, True):
            self.machine = LeaseMachine(Join("s1"), ME.host)
            say, wake = self.after(JoinBegun(), RegistryRefused("later", "40 s", within=40.0))
            self.assertEqual(say, Say("waiting for the registry: 40 s"))
            for now in range(5, 55, 5):
                left = max(40.0 - now, 1.0)
                refused = RegistryRefused("later", f"{left} s", within=left)
                [wake] = self.after(Woken(), refused, now=float(now))
                self.assertIsInstance(wake, WakeLater)
            if not is_alive:
                self.assertEqual(self.after(a_welcome(), now=55.0), [Listen(9_000)])
                continue
            [ended] = self.after(Woken(), refused, now=56.0)
            assert isinstance(ended, JoiningEnded)
            assert isinstance(ended.outcome, RegistryRefused)
            self.assertEqual(ended.outcome.code, "taken")
            self.assertIn("is alive: choose another one", ended.outcome.reason)

    def test_name_of_one_that_is_waited_for_anew(self) -> None:
        """A registry that is started again gives whoever held the name a whole lease: not alive."""
        self.after(JoinBegun(), RegistryRefused("later", "40 s", within=40.0))
        self.after(Woken(), RegistryUnreachable("gone"), now=30.0)
        held = RegistryRefused("later", "60 s", within=60.0)
        said, wake = self.after(Woken(), held, now=56.0)
        self.assertEqual(said, Say("waiting for the registry: 60 s"))
        self.assertIsInstance(wake, WakeLater)
        [ended] = self.after(Woken(), held, now=132.0)
        self.assertIsInstance(ended, JoiningEnded)

    def test_renewed_later(self) -> None:
        """A renewal that cannot be kept now is tried again, and nothing is given up for it."""
        self.joined()
        say, wake = self.after(a_welcome(), RegistryRefused("later", "its disk may be full"))
        self.assertEqual(say, Say("its disk may be full", is_for_person=False))
        self.assertIsInstance(wake, WakeLater)
        self.assertEqual(self.after(Woken(), now=60.0), [RENEW])

    def test_reserved(self) -> None:
        """A name that is only reserved is waited for, but not for ever."""
        for _ in range(6):
            self.assertEqual(self.after(JoinBegun(), RESERVED), [WakeLater(2.0)])
            self.assertEqual(self.after(Woken()), [Join("s1")])
        self.assertEqual(self.after(RESERVED), [JoiningEnded(RESERVED)])

    def test_port_taken(self) -> None:
        """An old port that is another peer's is given up; the name is not."""
        asked = self.after(JoinBegun(ME, "secret"), TAKEN)
        self.assertEqual(
            asked,
            [Say("asking for another port: no", is_for_person=False), Join("s1", token="secret")],
        )
        self.assertEqual(self.after(TAKEN), [JoiningEnded(TAKEN)])

    def test_no_registry(self) -> None:
        """A newcomer asks again after 0.5, 1, 2, 3 and 3 s, and says so once."""
        complaint = Say("there is none: trying again until there is one")
        self.assertEqual(self.after(JoinBegun(), AWAY), [complaint, WakeLater(0.5)])
        pauses = [self.after(Woken(), AWAY) for _ in range(4)]
        self.assertEqual(
            pauses, [[WakeLater(1.0)], [WakeLater(2.0)], [WakeLater(3.0)], [WakeLater(3.0)]]
        )

    def test_goes_on_alone(self) -> None:
        """A peer that was registered takes its old place, and asks for it as soon as it can."""
        self.assertEqual(self.after(JoinBegun(ME, "secret"), AWAY), [Listen(9_000)])
        announced, *effects = self.after(Listened(is_listening=True))
        self.assertIsInstance(announced, Say)
        self.assertEqual(effects, [StartOverlay(ME), Introduce(()), JOIN_AGAIN, JoiningEnded(ME)])
        self.assertFalse(self.machine.is_registered)
        self.assertEqual(self.after(a_welcome()), [Remember(ME, "secret"), RENEW])
        self.assertTrue(self.machine.is_registered)

    def test_place_lost(self) -> None:
        """Another port than the one that the peer listens on is given back."""
        self.alone()
        left, announced, pause = self.after(a_welcome(9_001))
        self.assertEqual((left, pause), (LEAVE, WakeLater(1.0)))
        self.assertIsInstance(announced, Say)
        self.assertFalse(self.machine.is_registered)

    def test_renews(self) -> None:
        """It asks for more time after half of the lease, or soon where it has no neighbor."""
        self.joined()
        self.assertEqual(self.after(a_welcome()), [Introduce((OTHER,)), WakeLater(30.0)])
        self.assertEqual(self.after(Woken(), now=30.0), [RENEW])
        self.after(NeighborsChanged(0))
        self.assertEqual(self.after(a_welcome(), now=30.0)[-1], WakeLater(1.0))

    def test_last_neighbor_lost(self) -> None:
        """It asks at once for other peers, but once a second at most."""
        self.joined()
        self.assertEqual(self.after(NeighborsChanged(0)), [])
        self.after(NeighborsChanged(1), a_welcome())
        self.assertEqual(self.after(NeighborsChanged(0), now=0.75), [WakeLater(0.25)])
        self.assertEqual(self.after(NeighborsChanged(0), now=1.0), [RENEW])
        self.assertEqual(self.after(Woken(), now=1.0), [])

    def test_forgotten(self) -> None:
        """Where the registry does not know it any more, it joins again; then refused, it waits."""
        self.joined()
        self.assertEqual(
            self.after(UNKNOWN), [Say("joining again: no", is_for_person=False), JOIN_AGAIN]
        )
        self.after(a_welcome())
        announced, pause = self.after(UNKNOWN)
        said = Say("not registered, and trying again: no")
        self.assertEqual((announced, pause), (said, WakeLater(1.0)))

    def test_known_again(self) -> None:
        """Refused and then taken back, it says both, once each."""
        self.joined()
        self.after(a_welcome())
        [said, _pause] = self.after(UNKNOWN, TAKEN)
        self.assertEqual(said, Say("not registered, and trying again: no"))
        [_pause] = self.after(Woken(), TAKEN, now=1.0)
        [*_, ask] = self.after(Woken(), a_welcome(), now=9.0)
        self.assertEqual(ask, RENEW)
        [back, *_] = self.after(a_welcome())
        self.assertEqual(back, Say("registered again"))
        self.assertNotIn(back, self.after(Woken(), a_welcome(), now=99.0))

    def test_registry_goes(self) -> None:
        """It keeps asking for its lease at growing distances, 30 s at most, and says nothing."""
        self.joined()
        for seconds in (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0):
            self.assertEqual(
                self.after(AWAY), [Say("there is none", is_for_person=False), WakeLater(seconds)]
            )
            self.assertEqual(self.after(Woken(), now=1.0), [RENEW])
        self.assertFalse(self.machine.is_registered)
        self.after(a_welcome())
        self.assertTrue(self.machine.is_registered)

    def test_leaves(self) -> None:
        """It gives back what it has, also what is given to it too late, and asks no more."""
        self.joined()
        self.assertEqual(self.after(Ended()), [LEAVE])
        for late in (a_welcome(), UNKNOWN, AWAY, Woken(), NeighborsChanged(0)):
            self.assertEqual(self.after(late), [])
        for asks in (lambda: self.after(JoinBegun()), self.alone):
            self.setUp()
            asks()
            self.assertEqual(self.after(Ended()), [])
            self.assertEqual(self.after(a_welcome()), [LEAVE])
        self.setUp()
        self.assertEqual(self.after(Ended(), JoinBegun()), [])
