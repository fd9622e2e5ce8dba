"""A peer that others cannot dial, and who has links with such."""

from itertools import count
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import (
    Close,
    Dial,
    NeighborUp,
)
from p2p_twisted.overlay.events import (
    ConnectionLost,
    LinkAccepted,
    ReachFound,
    Referred,
    TimeCame,
)
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.overlay.overlay import make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Bye, Linked
from p2p_twisted.wire.names import PeerAddress
from tests.overlay.builders import a_membership, an_address, asked, asks, linked, of_kind


class ClosedTests(SynchronousTestCase):
    """A peer that others cannot dial."""

    def closed(self) -> tuple[Membership, list[Dial]]:
        """Make one that dials two others."""
        membership = a_membership(host="192.0.2.1")
        membership.handle(ReachFound(is_closed=True), 0.0)
        others = tuple(PeerAddress(f"s{number}", f"192.0.2.{number}", 9_000) for number in (2, 3))
        return membership, of_kind(membership.handle(Referred(others), 0.0), Dial)

    def test_says_so(self) -> None:
        """It says so where it asks for a link, until that has changed."""
        membership, dials = self.closed()
        self.assertEqual([dial.closed for dial in dials], [True, True])
        membership.handle(ReachFound(is_closed=False), 0.0)
        membership.handle(ConnectionLost(dials[0].link), 0.0)
        again = of_kind(membership.handle(TimeCame(), 30.0), Dial)
        self.assertEqual({dial.closed for dial in again}, {False})

    def test_says_so_in_exchanges(self) -> None:
        """It says so where it trades samples, too."""
        rng = Random(1)
        overlay = make_overlay(PassiveView(an_address("me"), Book(b"s"), rng), count(1), rng)
        for is_closed in (True, False):
            overlay.handle(ReachFound(is_closed), 0.0)
            self.assertIs(overlay.sample(an_address()).closed, is_closed)

    def test_asks_again_for_the_second(self) -> None:
        """What it asked for as one without a link it gives back once it has one, and asks again."""
        membership, [first, second] = self.closed()
        membership.handle(LinkAccepted(first.link, Linked()), 0.1)
        effects = membership.handle(LinkAccepted(second.link, Linked()), 0.2)
        [close] = of_kind(effects, Close)
        assert close.bye is not None
        self.assertEqual((close.link, close.bye.why), (second.link, "evicted"))
        [again] = of_kind(effects, Dial)
        self.assertEqual((again.address, again.alone), (second.address, False))
        membership.handle(LinkAccepted(again.link, Linked()), 0.3)
        self.assertEqual(len(membership.links), 2)

    def test_given_back(self) -> None:
        """Whoever has had a closed neighbor names it to nobody afterwards."""
        membership = a_membership(host="192.0.2.1")
        effects = asked(membership, "c1", "192.0.2.7")
        [link] = [up.link for up in of_kind(effects, NeighborUp)]
        membership.handle(ConnectionLost(link, Bye("evicted")), 1.0)
        self.assertEqual(membership.passive.book.addresses(), [])

    def test_evicted_at_once(self) -> None:
        """A hub that has ended a link at once is asked again soon, where there is no other."""
        for has_other in (False, True):
            membership, [first, second] = self.closed()
            membership.handle(LinkAccepted(first.link, Linked()), 0.1)
            if has_other:
                effects = membership.handle(LinkAccepted(second.link, Linked()), 0.2)
                [second] = of_kind(effects, Dial)
                membership.handle(LinkAccepted(second.link, Linked()), 0.3)
            membership.handle(ConnectionLost(first.link, Bye("evicted")), 0.4)
            again = of_kind(membership.handle(TimeCame(), 1.0), Dial)
            dialed = [dial.address for dial in again if dial.address == first.address]
            self.assertEqual(dialed, [] if has_other else [first.address])

    def test_forced_links(self) -> None:
        """What a host has taken of the core keeps it out of no place for leaves, but once."""
        membership = a_membership(host="192.0.2.1")
        linked(membership, wire_limits.LINKS_MOST)
        for number in range(limits.LEAVES_MOST):
            asks(membership, f"c{number}", f"10.0.0.{number}", alone=False)
        self.assertTrue(asks(membership, "late", "192.0.2.66", closed=False))
        self.assertTrue(asks(membership, "late1", "192.0.2.66"))
        for link in [
            link for link, each in membership.links.items() if each.address.name == "late1"
        ]:
            membership.handle(ConnectionLost(link, Bye("evicted")), 1.0)
        asks(membership, "c99", "10.0.0.99", alone=False)
        self.assertFalse(asks(membership, "late2", "192.0.2.66", 2.0))
