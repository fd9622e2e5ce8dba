"""How a registration goes on where a peer is seen elsewhere than it listens, or moves."""

import attrs

from p2p_twisted.peer.lease import LeaseMachine
from p2p_twisted.peer.lease_events import (
    AddressChanged,
    Introduce,
    JoinBegun,
    JoiningEnded,
    Listen,
    Listened,
    Move,
    Remember,
    SeenAs,
    StartOverlay,
)
from p2p_twisted.wire.messages import Join
from tests.peer.lease_case import (
    AWAY,
    JOIN_AGAIN,
    LEAVE,
    ME,
    OTHER,
    RENEW,
    UNKNOWN,
    LeaseTestCase,
    a_welcome,
)


class LeaseAddressTests(LeaseTestCase):
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
