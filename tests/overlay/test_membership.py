from itertools import count
from typing import Any, Literal

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.effects import (
    Close,
    Dial,
    Effect,
    Exchange,
    NeighborDown,
    NeighborUp,
    Send,
)
from p2p_twisted.overlay.events import (
    ConnectionLost,
    ExchangeFailed,
    LinkAccepted,
    LinkAsked,
    PeersExchanged,
    Referred,
)
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.overlay.tree import Tree
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Busy, Bye, Link, Linked
from p2p_twisted.wire.names import PeerAddress
from tests.overlay.builders import a_membership, addresses, an_address, linked, of_kind

_NUMBERS = count(10_000)


def asked(
    membership: Membership,
    name: str,
    host: str,
    now: float,
    *,
    why: Literal["join", "need", "mix"] = "join",
    alone: bool = True,
    port: int = 9_009,
) -> list[Effect]:
    """Have a peer ask for a link."""
    link = Link(why, name, port, alone)
    return membership.handle(LinkAsked(next(_NUMBERS), link, host), now)


def asks(membership: Membership, name: str, host: str, now: float, **how: Any) -> bool:
    """Have a peer ask for a link; tell whether it has got it."""
    return bool(of_kind(asked(membership, name, host, now, **how), NeighborUp))


def believed(membership: Membership, name: str, host: str, now: float) -> None:
    """Have a peer ask for a link that greets where it says it is, as all others do."""
    for to in of_kind(asked(membership, name, host, now), Exchange):
        membership.handle(PeersExchanged(to.address, (), is_dialed=True), now)


def hosts_of(membership: Membership) -> list[str]:
    return [neighbor.address.host for neighbor in membership.links.values()]


class AbuseTests(SynchronousTestCase):
    """A peer whose link was ended because it sent without end."""

    def abused(self, membership: Membership, name: str, host: str, now: float) -> None:
        """Link, and be cut off."""
        linked_ = [each for each in asked(membership, name, host, now) if isinstance(each, Send)]
        membership.handle(ConnectionLost(linked_[0].link, Bye("abuse")), now)

    def test_pause(self) -> None:
        """Its host may not link again for a minute, under any name; others may."""
        membership = a_membership()
        self.abused(membership, "evil", "10.0.0.66", 0.0)
        for name in ("evil", "other"):
            [send, close] = asked(membership, name, "10.0.0.66", 59.0)
            assert isinstance(send, Send)
            self.assertIsInstance(send.message, Busy)
            self.assertIsInstance(close, Close)
        self.assertTrue(asks(membership, "honest", "10.0.0.2", 59.0))
        self.assertTrue(asks(membership, "evil", "10.0.0.66", 60.0))

    def test_loopback(self) -> None:
        """On one machine the pause is for a name: all peers have that host."""
        membership = a_membership()
        self.abused(membership, "evil", "127.0.0.1", 0.0)
        self.assertFalse(asks(membership, "evil", "127.0.0.1", 1.0))
        self.assertTrue(asks(membership, "honest", "127.0.0.1", 1.0))

    def test_not_dialed(self) -> None:
        """It is not dialed meanwhile either, whoever names it."""
        membership = a_membership()
        self.abused(membership, "evil", "10.0.0.66", 0.0)
        evil = PeerAddress("evil", "10.0.0.66", 9_009)
        self.assertEqual(of_kind(membership.handle(Referred((evil,)), 1.0), Dial), [])
        self.assertEqual(len(of_kind(membership.handle(Referred((evil,)), 61.0), Dial)), 1)


class AcceptingTests(SynchronousTestCase):
    def test_takes(self) -> None:
        """A peer with room takes whoever asks, and gives a sample."""
        membership = a_membership()
        linked(membership, 2)
        effects = membership.handle(LinkAsked(3, Link("need", "s9", 9_009), "127.0.0.1"), 0.0)
        self.assertIsInstance(of_kind(effects, Send)[0].message, Linked)
        self.assertEqual(len(of_kind(effects, NeighborUp)), 1)

    def test_full(self) -> None:
        """A full peer refuses one that merely wants more links."""
        membership = a_membership()
        linked(membership, wire_limits.LINKS_MOST)
        send, close = membership.handle(LinkAsked(50, Link("need", "x", 9_009), "127.0.0.1"), 0.0)
        assert isinstance(send, Send)
        assert isinstance(send.message, Busy)
        self.assertEqual(len(send.message.peers), wire_limits.LINKS_MOST)
        self.assertEqual(close, Close(50))

    def test_makes_room(self) -> None:
        """A full peer evicts a neighbor for one without any link."""
        for link in (Link("join", "x", 9_009, True), Link("need", "x", 9_009, True)):
            membership = a_membership()
            linked(membership, wire_limits.LINKS_MOST)
            effects = membership.handle(LinkAsked(50, link, "127.0.0.1"), 0.0)
            [evicted] = [close for close in of_kind(effects, Close) if close.bye]
            assert evicted.bye is not None
            self.assertEqual(evicted.bye.why, "evicted")
            self.assertIn(50, membership.links)
            self.assertEqual(len(membership.links), wire_limits.LINKS_MOST)

    def test_tree_makes_no_room(self) -> None:
        """Once the tree has a shape, none of its links goes for a mere swap."""
        tree, mix = Tree(), Link("mix", "x", 9_009)
        membership = a_membership(tree=tree)
        linked(membership, wire_limits.LINKS_MOST)
        for link in membership.links:
            tree.add(link)
        tree.is_shaped = True
        effects = membership.handle(LinkAsked(50, mix, "127.0.0.1"), 100.0)
        self.assertEqual(of_kind(effects, NeighborUp), [])
        tree.prune(3)
        effects = membership.handle(LinkAsked(51, mix, "127.0.0.1"), 100.0)
        self.assertEqual([down.link for down in of_kind(effects, NeighborDown)], [3])

    def test_swaps_without_tree(self) -> None:
        """Before anything has passed, any old link may go for a swap."""
        tree = Tree()
        membership = a_membership(tree=tree)
        linked(membership, wire_limits.LINKS_MOST)
        for link in membership.links:
            tree.add(link)
        effects = membership.handle(LinkAsked(50, Link("mix", "x", 9_009), "127.0.0.1"), 100.0)
        self.assertEqual(len(of_kind(effects, NeighborUp)), 1)

    def test_first_links_are_of_the_tree(self) -> None:
        """Who has other links has the tree already."""
        for alone in (False, True):
            link = Link("need", "x", 9_009, alone=alone)
            effects = a_membership().handle(LinkAsked(50, link, "127.0.0.1"), 0.0)
            self.assertEqual([up.is_eager for up in of_kind(effects, NeighborUp)], [alone])

    def test_one_host_keeps_two_links(self) -> None:
        """What a host has beyond two links gives way to any other host."""
        membership = a_membership(host="192.0.2.1")
        granted = [asks(membership, f"x{n}", "192.0.2.66", n / 10) for n in range(40)]
        self.assertEqual(sum(granted), 40)
        self.assertEqual(len(membership.links), wire_limits.LINKS_MOST)
        honest = [
            asks(membership, f"s{n}", f"192.0.2.{n}", 5.0, why="need", alone=False)
            for n in range(10, 15)
        ]
        self.assertEqual(honest, [True] * 5)
        self.assertEqual(hosts_of(membership).count("192.0.2.66"), limits.LINKS_PER_HOST)

    def test_one_host_takes_nothing_from_others(self) -> None:
        """However often a host asks, it takes at most one place a minute, and two in all."""
        membership = a_membership(host="192.0.2.1")
        honest = [f"192.0.2.{n}" for n in range(10, 10 + wire_limits.LINKS_MOST)]
        for number, host in enumerate(honest):
            asks(membership, f"s{number}", host, 0.0)
        for tenth in range(1, 590):
            believed(membership, f"x{tenth}", "192.0.2.66", tenth / 10)
        self.assertEqual(hosts_of(membership).count("192.0.2.66"), 1)
        for second in range(60, 600):
            believed(membership, f"x{second}", "192.0.2.66", float(second))
        left = len(set(hosts_of(membership)) & set(honest))
        self.assertGreaterEqual(left, wire_limits.LINKS_MOST - limits.LINKS_PER_HOST)

    def test_one_ipv6_network_is_one_host(self) -> None:
        """Whoever has a /64 has no more links than one address."""
        membership = a_membership(host="2001:db8::1")
        for number in range(40):
            asks(membership, f"x{number}", f"2001:db8:0:66::{number + 1:x}", number / 10)
        for number in range(5):
            asks(membership, f"s{number}", f"2001:db8:0:{number + 1:x}::1", 5.0)
        others = [host for host in hosts_of(membership) if ":66:" in host]
        self.assertEqual(len(others), limits.LINKS_PER_HOST)

    def test_only_one_host(self) -> None:
        """Where all peers have one address, a newcomer finds a place, and so does the next."""
        membership = a_membership(host="192.0.2.1")
        for number in range(30):
            self.assertTrue(asks(membership, f"s{number}", "192.0.2.1", number / 10))

    def test_first_dialed_stays(self) -> None:
        """The oldest link that a peer dialed itself is no stranger's to take."""
        membership = a_membership()
        [dial] = of_kind(membership.handle(Referred((an_address("own", 9_900),)), 0.0), Dial)
        membership.handle(LinkAccepted(dial.link, Linked()), 0.1)
        for number in range(300):
            believed(membership, f"x{number}", "127.0.0.1", float(number))
        self.assertIn(dial.link, membership.links)

    def test_what_is_made_up_goes_first(self) -> None:
        """Whoever asks again and again on loopback takes the places of its own claims alone."""
        membership = a_membership()
        linked(membership, 3)
        for number in range(60):
            for to in of_kind(asked(membership, f"x{number}", "127.0.0.1", 2.0), Exchange):
                # Of the honest ones each greets; nobody is where the others say they are.
                is_honest = to.address in addresses(3)
                event = PeersExchanged(to.address, (), is_dialed=True)
                membership.handle(event if is_honest else ExchangeFailed(to.address), 2.0)
        names = {neighbor.address.name for neighbor in membership.links.values()}
        self.assertLessEqual({"s0", "s1", "s2"}, names)

    def test_flood_of_one_host(self) -> None:
        """Links that one host is granted are not taken from what another one may have."""
        membership = a_membership(host="192.0.2.1")
        for number in range(3 * limits.LINKS_TAKEN_BURST):
            asks(membership, f"x{number}", "192.0.2.66", 1.0)
        self.assertTrue(asks(membership, "s1", "192.0.2.7", 1.0))

    def test_second_link(self) -> None:
        """A neighbor that we dialed gets no second link."""
        membership = a_membership()
        [dial] = of_kind(membership.handle(Referred((an_address("s0", 9_100),)), 0.0), Dial)
        membership.handle(LinkAccepted(dial.link, Linked()), 0.1)
        effects = membership.handle(LinkAsked(2, Link("join", "s0", 9_100), "127.0.0.1"), 0.0)
        self.assertEqual(effects, [Close(2, Bye("duplicate"))])

    def test_crossing(self) -> None:
        """Of two dials that cross, the one of the smaller name stays, at both ends."""
        a, b = a_membership("a"), a_membership("b")
        [from_a] = of_kind(a.handle(Referred((b.me,)), 0.0), Dial)
        [from_b] = of_kind(b.handle(Referred((a.me,)), 0.0), Dial)
        at_b = b.handle(LinkAsked(1, Link("join", "a", 9_000), "127.0.0.1"), 0.0)
        at_a = a.handle(LinkAsked(2, Link("join", "b", 9_000), "127.0.0.1"), 0.0)
        self.assertEqual(at_a, [Close(2, Bye("duplicate"))])
        self.assertIn(Close(from_b.link), at_b)
        self.assertEqual(list(b.links), [1])
        self.assertEqual(
            of_kind(a.handle(LinkAccepted(from_a.link, Linked()), 0.0), NeighborUp)[0].link, 1_000
        )

    def test_crossing_from_elsewhere(self) -> None:
        """Whoever asks under the name that is being dialed, from elsewhere, ends no dial."""
        membership = a_membership("b")
        [dial] = of_kind(membership.handle(Referred((an_address("a", 9_001),)), 0.0), Dial)
        self.assertFalse(asks(membership, "a", "127.0.0.1", 0.1, port=9_666))
        membership.handle(LinkAccepted(dial.link, Linked()), 0.2)
        self.assertIn(dial.link, membership.links)

    def test_unexpected_acceptance(self) -> None:
        """An acceptance of what is no longer asked for makes no link."""
        membership = a_membership()
        self.assertEqual(
            membership.handle(LinkAccepted(7, Linked()), 0.0), [Close(7, Bye("duplicate"))]
        )
        self.assertEqual(membership.links, {})
