"""How a registration goes on, event by event."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.lease import LeaseMachine
from p2p_twisted.peer.lease_events import (
    AddressChanged,
    Ended,
    Introduce,
    JoinBegun,
    JoiningEnded,
    LeaseEffect,
    LeaseEvent,
    Listen,
    Listened,
    Move,
    NeighborsChanged,
    Remember,
    Say,
    SeenAs,
    StartOverlay,
    WakeLater,
    Woken,
)
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Join, Leave, Renew, Welcome
from p2p_twisted.wire.names import PeerAddress

ME, OTHER = PeerAddress("s1", "10.0.0.1", 9_000), PeerAddress("s2", "10.0.0.2", 9_000)
AWAY = RegistryUnreachable("there is none")
RENEW, LEAVE = Renew("s1", "secret"), Leave("s1", "secret")
JOIN_AGAIN = Join("s1", port=9_000, token="secret")


def a_welcome(port: int = 9_000) -> Welcome:
    return Welcome("s1", ME.host, port, 60.0, "secret", (OTHER,))


RESERVED, TAKEN, UNKNOWN = (
    RegistryRefused(code, "no") for code in ("reserved", "taken", "unknown")
)


class LeaseTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.machine = LeaseMachine(Join("s1"), ME.host)

    def after(self, *events: LeaseEvent, now: float = 0.0) -> list[LeaseEffect]:
        """Let things happen; return what is to be done because of the last one."""
        effects: list[LeaseEffect] = []
        for event in events:
            effects = self.machine.handle(event, now)
        return effects

    def joined(self) -> None:
        self.after(JoinBegun(), a_welcome(), Listened(is_listening=True), NeighborsChanged(1))

    def alone(self) -> None:
        self.after(JoinBegun(ME, "secret"), AWAY, Listened(is_listening=True), NeighborsChanged(1))

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

    def test_seen_elsewhere(self) -> None:
        """It gives up a place on loopback, or elsewhere than there, where it does not listen."""
        elsewhere = attrs.evolve(a_welcome(), host="127.0.0.1")
        leave, ended = self.after(JoinBegun(), elsewhere)
        self.assertEqual(leave, LEAVE)
        assert isinstance(ended, JoiningEnded)
        self.assertIn("say --interface 127.0.0.1", str(ended.outcome))

    def test_seen_elsewhere_later(self) -> None:
        """A peer that went on alone stays so, rather than be known at an address of others."""
        self.alone()
        elsewhere = attrs.evolve(a_welcome(), host="127.0.0.1")
        leave, say, _wake = self.after(elsewhere)
        self.assertEqual(leave, LEAVE)
        self.assertIn("it sees this peer at 127.0.0.1", getattr(say, "text", ""))

    def test_behind_nat(self) -> None:
        """It says so, listens on the address that it has, and is known by the one that is seen."""
        seen = attrs.evolve(a_welcome(), host="203.0.113.1")
        say, listen = self.after(JoinBegun(), seen)
        self.assertIn("behind NAT: others see it as 203.0.113.1", getattr(say, "text", ""))
        self.assertEqual(listen, Listen(9_000))
        me = attrs.evolve(ME, host="203.0.113.1")
        started = self.after(Listened(is_listening=True))
        self.assertEqual(started[:2], [Remember(me, "secret"), StartOverlay(me)])
        self.assertEqual(started[-1], JoiningEnded(me))
        self.assertEqual(self.after(seen)[0], Introduce((OTHER,)))

    def test_behind_nat_later(self) -> None:
        """A peer that went on alone, or whose NAT has another address now, has new links."""
        self.alone()
        for host in ("203.0.113.1", "203.0.113.2"):
            there = attrs.evolve(a_welcome(), host=host)
            _say, seen, remember, renew = self.after(there)
            self.assertEqual(seen, SeenAs(host))
            self.assertEqual(remember, Remember(attrs.evolve(ME, host=host), "secret"))
            self.assertEqual(renew, RENEW)
            self.after(there, UNKNOWN)

    def test_another_address_than_last_time(self) -> None:
        """Without a registry it goes on where it listens now, on the port of the last run."""
        there = attrs.evolve(ME, host="10.0.0.9")
        started = self.after(JoinBegun(there, "secret"), AWAY, Listened(is_listening=True))
        self.assertIn(StartOverlay(ME), started)

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
        """A newcomer asks again after 1, 2, 4, 5 and 5 s, and says so once."""
        complaint = Say("there is none: trying again until there is one")
        self.assertEqual(self.after(JoinBegun(), AWAY), [complaint, WakeLater(1.0)])
        pauses = [self.after(Woken(), AWAY) for _ in range(4)]
        self.assertEqual(
            pauses, [[WakeLater(2.0)], [WakeLater(4.0)], [WakeLater(5.0)], [WakeLater(5.0)]]
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

    def test_another_address(self) -> None:
        """A peer that is in moves with its machine, and registers there under its name and port."""
        for begin in (self.joined, self.alone):
            self.setUp()
            begin()
            self.assertEqual(
                self.after(AddressChanged("10.0.0.77")), [Move("10.0.0.77"), JOIN_AGAIN]
            )
            there = attrs.evolve(a_welcome(), host="10.0.0.77")
            remember, renew = self.after(there)
            self.assertEqual(remember, Remember(attrs.evolve(ME, host="10.0.0.77"), "secret"))
            self.assertEqual(renew, RENEW)

    def test_advertised_from_another_address(self) -> None:
        """What a peer advertises stays, wherever it listens behind that."""
        self.machine = LeaseMachine(Join("s1", advertise=ME.host), ME.host)
        self.joined()
        self.after(AddressChanged("192.168.0.77"))
        remember, _renew = self.after(a_welcome())
        self.assertEqual(remember, Remember(ME, "secret"))

    def test_another_address_before(self) -> None:
        """One that is not in yet joins from the new address."""
        moved = self.after(JoinBegun(ME, "secret"), AddressChanged("10.0.0.77"))
        self.assertEqual(moved, [Move("10.0.0.77")])
        there = attrs.evolve(a_welcome(), host="10.0.0.77")
        self.assertEqual(self.after(there), [Listen(9_000)])
