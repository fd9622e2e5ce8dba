"""Places for peers that others cannot dial: beside those of the core, and shared evenly."""

import gc
from itertools import count
from random import Random
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import (
    Close,
    Dial,
    Exchange,
    LocalAnswer,
    NeighborUp,
    Send,
)
from p2p_twisted.overlay.events import (
    Consulted,
    LinkAsked,
    MessageReceived,
    PeersExchanged,
    Referred,
)
from p2p_twisted.overlay.link import LeafShares
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.overlay.overlay import make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Ask, Busy, Link, Linked
from p2p_twisted.wire.names import PeerAddress
from tests.overlay.builders import a_membership, an_address, an_id, asked, asks, linked, of_kind

_PORT = 9_009


def leaves_of(membership: Membership, host: str) -> int:
    """Count the leaves of a host."""
    leaves = membership.links.leaves.values()
    return sum(leaf.address.host == host for leaf in leaves)


def full(host: str = "192.0.2.7", **how: Any) -> Membership:
    """Make a peer all of whose places for leaves one host has."""
    membership = a_membership(host="192.0.2.1")
    for number in range(limits.LEAVES_MOST):
        assert asks(membership, f"c{number}", host, 0.0, **how)
    return membership


class PlacesTests(SynchronousTestCase):
    """What leaves have, and what they do not take."""

    def test_beside_the_core(self) -> None:
        """A peer with seven links takes 21 leaves as well, and no more."""
        membership = a_membership(host="192.0.2.1")
        linked(membership, wire_limits.LINKS_MOST)
        places = [
            asks(membership, f"c{number}", f"10.0.0.{number}", alone=False)
            for number in range(limits.LEAVES_MOST + 1)
        ]
        self.assertEqual(places, [True] * limits.LEAVES_MOST + [False])
        self.assertEqual(len(membership.links.core), wire_limits.LINKS_MOST)

    def test_take_no_place_of_the_core(self) -> None:
        """However many leaves there are, a peer seeks links, and takes others that do."""
        membership = full()
        for number in range(wire_limits.LINKS_MOST):
            self.assertTrue(asks(membership, f"s{number}", f"10.0.0.{number}", closed=False))
        self.assertEqual(len(membership.links.leaves), limits.LEAVES_MOST)

    def test_alone_with_leaves(self) -> None:
        """A peer that has leaves alone says that it has no link: so no peer refuses it."""
        membership = full()
        [dial] = of_kind(
            membership.handle(Referred((an_address("s1", 9_001, "192.0.2.9"),)), 0.0), Dial
        )
        self.assertTrue(dial.alone)

    def test_named_to_nobody(self) -> None:
        """Nobody is sent to a peer that cannot be dialed, nor is it dialed to see who it is."""
        membership = full()
        for effects in (
            asked(membership, "late", "192.0.2.7", alone=False),
            asked(membership, "later", "192.0.2.7", 100.0),
            membership.handle(
                PeersExchanged(PeerAddress("x", "192.0.2.8", 1), (), False, True), 0.0
            ),
        ):
            self.assertEqual(of_kind(effects, Exchange), [])
            for send in of_kind(effects, Send):
                assert isinstance(send.message, Busy | Linked)
                self.assertEqual(send.message.peers, ())
        self.assertEqual(membership.sample(), ())
        self.assertEqual(membership.passive.book.addresses(), [])

    def test_crossing(self) -> None:
        """Where both sides dial, the link is that of the side whose dial is not in vain."""
        membership = a_membership("a")
        [dial] = of_kind(membership.handle(Referred((an_address("b", _PORT),)), 0.0), Dial)
        effects = asked(membership, "b", "127.0.0.1", 0.1)
        self.assertEqual(len(of_kind(effects, NeighborUp)), 1)
        self.assertIn(Close(dial.link), effects)


class SharingTests(SynchronousTestCase):
    """Who makes room for whom."""

    def test_second_links_go_first(self) -> None:
        """A peer without a link gets the place of one that had others; another one gets none."""
        membership = full(alone=False)
        [first] = list(membership.links)[:1]
        membership.links[first] = evolve(membership.links[first], was_alone=True)
        self.assertFalse(asks(membership, "rich", "192.0.2.7", alone=False))
        for number in range(limits.LEAVES_MOST - 1):
            self.assertTrue(asks(membership, f"poor{number}", "192.0.2.7"))
        self.assertIn(first, membership.links)
        self.assertFalse(asks(membership, "poor", "192.0.2.7"))

    def test_turns(self) -> None:
        """Where there are not enough places for all of one host, they take turns."""
        membership = full()
        self.assertFalse(asks(membership, "late", "192.0.2.7", 59.0))
        self.assertTrue(asks(membership, "late", "192.0.2.7", 60.0))
        self.assertEqual(len(membership.links), limits.LEAVES_MOST)

    def test_even_shares(self) -> None:
        """Whoever was first, each host has as many places as others, if it wants them."""
        membership = full("192.0.2.66")
        taken = [asks(membership, f"s{number}", "192.0.2.7") for number in range(30)]
        self.assertEqual(taken, [True] * 10 + [False] * 20)
        for tenth in range(1, 590):
            asks(membership, f"x{tenth}", "192.0.2.66", tenth / 10)
        self.assertEqual(leaves_of(membership, "192.0.2.7"), 10)

    def test_many_hosts(self) -> None:
        """Where each host has one place, another one takes at most one, however often it asks."""
        membership = a_membership(host="192.0.2.1")
        for number in range(limits.LEAVES_MOST):
            asks(membership, f"s{number}", f"10.0.0.{number}")
        for second in range(60, 600):
            asks(membership, f"x{second}", "192.0.2.66", float(second))
        self.assertEqual(leaves_of(membership, "192.0.2.66"), 1)

    def test_is_a_relay(self) -> None:
        """A peer that is there to relay takes more, as it is told."""
        rng = Random(1)
        passive = PassiveView(an_address("me"), Book(b"secret"), rng)
        overlay = make_overlay(passive, count(1_000), rng, leaves_most=limits.LEAVES_MOST_FOR_ALL)
        places = overlay.membership.places
        self.assertEqual(places.leaves_most, limits.LEAVES_MOST_FOR_ALL)
        for number in range(100):
            self.assertTrue(asks(overlay.membership, f"c{number}", "192.0.2.7", number / 5))


class LeafSharesTests(SynchronousTestCase):
    """The time for what leaves send."""

    def test_of_a_host(self) -> None:
        """All leaves of a host have one share, of two links, as long as it has any."""
        shares = LeafShares()
        share = shares.of("192.0.2.7")
        self.assertIs(shares.of("192.0.2.7"), share)
        self.assertIs(shares.of("2001:db8::1"), shares.of("2001:db8::1"))
        self.assertIsNot(shares.of("192.0.2.8"), share)
        one = wire_limits.INTAKE_SECONDS_PER_SECOND * 1_000_000
        self.assertEqual(share.rate, limits.LINKS_PER_HOST * one)
        share.spend(1)
        del share
        gc.collect()
        again = shares.of("192.0.2.7")
        self.assertEqual(again.left(0.0), again.burst)


class PriceTests(SynchronousTestCase):
    """What neighbors are charged where there are more than seven."""

    def test_questions(self) -> None:
        """With 28 links, a fourth of a neighbor's questions is passed on of what usually is."""
        rng = Random(1)
        passive = PassiveView(an_address("me", 9_000, "192.0.2.1"), Book(b"secret"), rng)
        overlay = make_overlay(passive, count(1_000), rng)
        for number in range(28):
            link = Link("join", f"n{number}", _PORT, alone=True, closed=number >= 7)
            overlay.handle(LinkAsked(number, link, f"192.0.2.{number + 2}"), 0.0)
        passed_on = 0
        for number in range(limits.PASSED_ON_BURST):
            effects = overlay.handle(MessageReceived(9, Ask(an_id(number), "topo")), 0.0)
            passed_on += any(isinstance(each.message, Ask) for each in of_kind(effects, Send))
            overlay.handle(Consulted(an_id(number), LocalAnswer()), 0.0)
        self.assertEqual(passed_on, limits.PASSED_ON_BURST // 4)


class NetworkTests(SynchronousTestCase):
    """Whole networks, most of whose peers nobody can dial."""

    def network(self, opened: int, closed: int, seed: int) -> SimulatedNetwork:
        """Start them in random order."""
        network = SimulatedNetwork(seed)
        those = [False] * opened + [True] * closed
        network.rng.shuffle(those)
        for number, is_closed in enumerate(those):
            network.add(f"p{number}", is_closed=is_closed)
            network.run(0.05)
        return network

    def test_two_of_42(self) -> None:
        """Two that can be dialed are enough for 40 others: within 20 s all are in one network."""
        for seed in range(1, 4):
            network = self.network(2, 40, seed)
            network.run(20.0)
            self.assertEqual(len(network.component(network.alive[0])), 42, seed)
            self.assertEqual(network.one_way_links(), [])

    def test_one_dies(self) -> None:
        """Where one of three such goes, those that had no other find a place at the other two."""
        network = self.network(3, 36, 4)
        network.run(30.0)
        opened = [peer for peer in network.alive if not peer.is_closed]
        network.crash(opened[0])
        network.run(20.0)
        self.assertEqual(len(network.component(opened[1])), 38)
