"""How a registration goes on, event by event."""

import itertools

from p2p_twisted.peer.lease_events import (
    Ended,
    Introduce,
    JoinBegun,
    JoiningEnded,
    LeaseEffect,
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

    def test_name_of_one_that_is_dead(self) -> None:
        """It is waited for until it is free, though registries give its holder a lease anew."""
        for now, left in ((0, 40.0), (20, 20.0), (30, 60.0), (80, 10.0), (85, 60.0), (144, 1.0)):
            [*said, wake] = self.waiting(left, now)
            self.assertEqual(said, [Say("waiting for the registry: 40.0 s")] * (now == 0))
            self.assertIsInstance(wake, WakeLater)
        self.assertEqual(self.after(a_welcome(), now=146.0), [Listen(9_000)])

    def test_name_of_one_that_is_alive(self) -> None:
        """It is waited for until its holder's lease was renewed oftener than a dead one's is."""
        for now in range(90):
            self.assertIsInstance(self.waiting(60.0 - now % 30, now)[-1], WakeLater)
        [ended] = self.waiting(60.0, 90)
        assert isinstance(ended, JoiningEnded)
        assert isinstance(ended.outcome, RegistryRefused)
        self.assertEqual(ended.outcome.code, "taken")
        self.assertIn("is alive: choose another one", ended.outcome.reason)

    def test_name_for_ever(self) -> None:
        """A registry that promises it each time cannot have a peer wait for ever."""
        waits = itertools.takewhile(
            lambda now: isinstance(self.waiting(1.0, now)[-1], WakeLater), itertools.count()
        )
        self.assertLess(sum(1 for _ in waits), 60)

    def test_name_while_the_registry_is_away(self) -> None:
        """One that was away gives whoever held the name a whole lease, as often as it is."""
        for now in range(0, 300, 30):
            self.assertIsInstance(self.waiting(60.0, now)[-1], WakeLater)
            self.after(Woken(), RegistryUnreachable("gone"), now=now + 15.0)

    def waiting(self, left: float, now: float) -> list[LeaseEffect]:
        """Have a newcomer told how long it may take until the name that it wants is free."""
        event = Woken() if now else JoinBegun()
        return self.after(event, RegistryRefused("later", f"{left} s", within=left), now=float(now))

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

    def test_registry_is_back(self) -> None:
        """Who was told that it is not registered is told once that it is again."""
        self.alone()
        self.after(a_welcome())
        self.assertEqual(self.after(a_welcome())[0], Say("registered again"))
        self.assertNotIn(Say("registered again"), self.after(Woken(), a_welcome(), now=99.0))

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
