"""Peers seek links, trade addresses, and swap what they have for better ones."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.effects import (
    Close,
    Dial,
    Exchange,
    NeighborDown,
    NeighborUp,
)
from p2p_twisted.overlay.events import (
    ConnectionLost,
    ExchangeFailed,
    LinkAccepted,
    LinkAsked,
    LinkingEnded,
    LinkRefused,
    Referred,
    TimeCame,
)
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Bye, Link, Linked
from tests.overlay.builders import a_membership, addresses, an_address, exchanged, linked, of_kind


class SeekingTests(SynchronousTestCase):
    def test_referrals(self) -> None:
        """A newcomer asks as many of its referrals for links as it seeks."""
        dials = of_kind(a_membership().handle(Referred(tuple(addresses(8))), 0.0), Dial)
        self.assertEqual([dial.why for dial in dials], ["join"] * limits.LINKS_SOUGHT)

    def test_next_candidate(self) -> None:
        """Where nobody answers, the next referral is asked at once."""
        membership = a_membership()
        first, *_ = of_kind(membership.handle(Referred(tuple(addresses(8))), 0.0), Dial)
        [again] = of_kind(membership.handle(ConnectionLost(first.link), 0.1), Dial)
        self.assertNotEqual(again.address, first.address)

    def test_busy_waits(self) -> None:
        """A refusal is followed by a pause, which doubles up to 10 s."""
        membership = a_membership()
        [dial] = of_kind(membership.handle(Referred((an_address(),)), 0.0), Dial)
        now, pauses = 0.0, []
        for _ in range(12):
            self.assertEqual(of_kind(membership.handle(LinkRefused(dial.link, ()), now), Dial), [])
            again: list[Dial] = []
            before = now
            while not again:
                now = membership.wake_at
                again = of_kind(membership.handle(TimeCame(), now), Dial)
            pauses.append(now - before)
            [dial] = again
        self.assertLess(pauses[0], 0.5)
        self.assertGreater(max(pauses), 2.0)
        self.assertLess(max(pauses), 16.0)

    def test_own_name(self) -> None:
        """It never dials its own name."""
        membership = a_membership("m1")
        effects = membership.handle(Referred((an_address("m1", 9_555),)), 0.0)
        self.assertEqual(of_kind(effects, Dial), [])

    def test_not_to_this_machine(self) -> None:
        """A peer of a real network is not sent to loopback, nor one of loopback out of it."""
        outside = a_membership(host="192.0.2.1")
        outside.handle(exchanged([an_address(host="127.0.0.1")]), 0.0)
        inside = a_membership()
        inside.handle(exchanged([an_address(host="192.0.2.2")]), 0.0)
        self.assertEqual(
            of_kind(outside.handle(TimeCame(), 1.0) + inside.handle(TimeCame(), 1.0), Dial), []
        )

    def test_lost_neighbor_is_replaced(self) -> None:
        """When a neighbor dies, a remembered peer is asked instead."""
        membership = a_membership()
        linked(membership, 5)
        membership.handle(exchanged([an_address("spare", 9_900)]), 0.0)
        effects = membership.handle(ConnectionLost(1), 10.0)
        self.assertEqual([down.has_died for down in of_kind(effects, NeighborDown)], [True])
        self.assertEqual([dial.address.name for dial in of_kind(effects, Dial)], ["spare"])

    def test_link_that_ends_at_once(self) -> None:
        """Who takes a link and ends it at once is let be for a while, under every name."""
        membership = a_membership()
        [dial] = of_kind(membership.handle(Referred((an_address("fickle", 9_900),)), 0.0), Dial)
        membership.handle(LinkAccepted(dial.link, Linked(())), 0.1)
        effects = membership.handle(ConnectionLost(dial.link, Bye("evicted")), 0.2)
        effects += membership.handle(exchanged([an_address("other", 9_900)]), 0.3)
        self.assertEqual(of_kind(effects, Dial), [])
        later = membership.handle(TimeCame(), 0.3 + limits.DIAL_AGAIN_SECONDS)
        self.assertEqual([dial.address.port for dial in of_kind(later, Dial)], [9_900])

    def test_stopping_seeks_nothing(self) -> None:
        """A peer that is stopping neither replaces neighbors nor takes new ones."""
        membership = a_membership()
        linked(membership, 5)
        membership.handle(exchanged([an_address("spare", 9_900)]), 0.0)
        membership.handle(LinkingEnded(), 10.0)
        effects = membership.handle(ConnectionLost(1), 10.0) + membership.handle(TimeCame(), 100.0)
        self.assertEqual(of_kind(effects, Dial) + of_kind(effects, Exchange), [])
        self.assertGreater(membership.wake_at, 100.0)
        refusal = membership.handle(LinkAsked(99, Link("join", "late", 9_999), "127.0.0.1"), 10.0)
        self.assertEqual(refusal, [Close(99, Bye("stopping"))])

    def test_mixes_again(self) -> None:
        """A swap that fails is soon tried with another peer: most may be dead, or made up."""
        membership = a_membership()
        linked(membership, limits.LINKS_SOUGHT)
        membership.handle(Referred(tuple(addresses(30))), 0.0)
        dialed, now = list[str](), 0.0
        while len(dialed) < 4 and now < 60.0:
            now = membership.wake_at
            for dial in of_kind(membership.handle(TimeCame(), now), Dial):
                self.assertEqual(dial.why, "mix")
                dialed.append(dial.address.name)
                now += wire_limits.DIAL_SECONDS
                membership.handle(ConnectionLost(dial.link), now)
        self.assertEqual(len(set(dialed)), 4)
        self.assertLess(now, 30.0)

    def test_mixes_in_spite_of_questions(self) -> None:
        """A swap is put off while questions are under way, but not for ever."""
        membership = a_membership()
        linked(membership, limits.LINKS_SOUGHT)
        membership.handle(Referred(tuple(addresses(30))), 0.0)
        dialed = list[Dial]()
        while not dialed and membership.wake_at < 60.0:
            effects = membership.handle(TimeCame(), membership.wake_at, is_idle=False)
            dialed = of_kind(effects, Dial)
        self.assertEqual([dial.why for dial in dialed], ["mix"])

    def test_book_in_spite_of_others(self) -> None:
        """Who is hungry tries its book, too, however many addresses others name meanwhile."""
        membership = a_membership(host="10.9.0.1")
        known = [an_address(f"s{n}", 9_500, f"10.9.1.{n}") for n in range(40)]
        first = [an_address(f"x0-{n}", 10_000 + n, "10.0.0.0") for n in range(8)]
        dials = of_kind(membership.handle(Referred(tuple(first)), 0.0), Dial)
        for address in known:
            membership.passive.book.confirmed(address)
        dialed = {dial.address for dial in dials}
        for now in range(1, 120):
            forged = [an_address(f"x{now}-{n}", 10_000 + n, f"10.0.0.{now}") for n in range(8)]
            effects = membership.handle(exchanged(forged), now)
            # Nobody is there, which takes a moment to tell.
            for dial in dials:
                effects += membership.handle(ConnectionLost(dial.link), now)
            dials = of_kind(effects, Dial)
            dialed.update(dial.address for dial in dials)
        self.assertTrue(dialed & set(known))

    def test_refused_ones_cost_nothing(self) -> None:
        """Whoever asks a full peer for what it does not grant takes nothing away from others."""
        membership = a_membership(host="10.0.0.1")
        linked(membership, wire_limits.LINKS_MOST)
        for link in range(100, 100 + 2 * limits.LINKS_TAKEN_BURST):
            membership.handle(LinkAsked(link, Link("need", "x", 9_009), "10.0.0.66"), 1.0)
        effects = membership.handle(
            LinkAsked(99, Link("join", "y", 9_009, alone=True), "10.0.0.2"), 1.0
        )
        self.assertTrue(of_kind(effects, NeighborUp))

    def test_mixes_sooner(self) -> None:
        """Swaps that have become rare are not, once those whom one has heard of are not there."""
        membership = a_membership()
        linked(membership, limits.LINKS_SOUGHT)
        membership.handle(Referred(tuple(addresses(30))), 0.0)
        now, dialed = 0.0, list[Dial]()
        while now < 3_600.0 or not dialed:
            now = membership.wake_at
            dialed = of_kind(membership.handle(TimeCame(), now), Dial)
        # One swap was just now, so that the next one is minutes away.
        membership.handle(ExchangeFailed(an_address("nobody", 9_900)), now)
        mixed, end = list[Dial](), now + 30.0
        while not mixed and membership.wake_at < end:
            mixed += of_kind(membership.handle(TimeCame(), membership.wake_at), Dial)
        self.assertEqual([dial.why for dial in mixed], ["mix"])

    def test_trades(self) -> None:
        """Now and then it trades samples with a peer that it remembers."""
        membership = a_membership()
        linked(membership, 5)
        membership.handle(exchanged([an_address("spare", 9_900)]), 0.0)
        trades = of_kind(membership.handle(TimeCame(), membership.wake_at), Exchange)
        self.assertEqual([trade.address.name for trade in trades], ["spare"])
        self.assertTrue(10.0 <= membership.wake_at <= 30.0)
