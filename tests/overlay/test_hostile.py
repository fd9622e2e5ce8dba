"""What a neighbor that means harm may say, and what must come of it."""

from itertools import count
from math import inf
from random import Random

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import Dial, Effect, Exchange, LocalAnswer, NeighborUp, Send
from p2p_twisted.overlay.events import (
    ConnectionLost,
    LinkAccepted,
    LinkAsked,
    MessageReceived,
    NeighborAsked,
    Referred,
    TimeCame,
)
from p2p_twisted.overlay.overlay import make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Ask, Bye, Hit, Link, Linked, PeerRecord, Told, Want
from tests.overlay.builders import (
    AnsweredRouter,
    a_membership,
    addresses,
    an_address,
    an_asking,
    an_id,
    an_up,
    exchanged,
    of_kind,
)

TOPO = Ask(an_id(5), "topo", wait=2.0)


def assert_sendable(effects: list[Effect]) -> None:
    for send in of_kind(effects, Send):
        encode(send.message)


class QuestionTests(SynchronousTestCase):
    def test_counts_add_up(self) -> None:
        """However many peers neighbors claim to speak for, their sum can be told."""
        asking = an_asking()
        asking.handle(NeighborAsked(1, TOPO), 0.0)
        asking.handle(MessageReceived(2, Told(TOPO.id, answered=1_000_000)), 0.1)
        effects = asking.handle(MessageReceived(3, Told(TOPO.id, answered=1_000_000)), 0.1)
        last = of_kind(effects, Send)[-1].message
        assert isinstance(last, Told)
        self.assertEqual(last.answered, 1_000_000)
        assert_sendable(effects)

    def test_very_short_records(self) -> None:
        """Records that are so short that a line holds very many can be passed on."""
        asking = an_asking()
        asking.handle(NeighborAsked(1, TOPO), 0.0)
        for _ in range(3):
            asking.handle(
                MessageReceived(2, Told(TOPO.id, peers=(PeerRecord("x"),) * 700, more=True)), 0.1
            )
        sends = [
            *of_kind(asking.handle(TimeCame(), 1.0), Send),
            *of_kind(asking.handle(TimeCame(), 1.5), Send),
        ]
        assert_sendable(list(sends))
        told = [send.message for send in sends if isinstance(send.message, Told)]
        self.assertEqual(sum(len(message.peers) for message in told), 2_000)

    @given(st.floats(min_value=0, max_value=10, exclude_min=True))
    def test_any_wait(self, wait: float) -> None:
        """However short the time is, what is passed on can be sent."""
        assert_sendable(an_asking().handle(NeighborAsked(1, attrs.evolve(TOPO, wait=wait)), 0.0))

    def test_questions_without_answers_do_not_wake(self) -> None:
        """Open questions cost nothing until something comes: many of them keep nobody busy."""
        asking = an_asking()
        for number in range(500):
            asking.handle(NeighborAsked(1, Ask(an_id(number), "topo", wait=10.0)), number / 100)
        self.assertEqual(asking.wake_at, 10.0)
        asking.handle(
            MessageReceived(2, Told(an_id(400), hits=(Hit("x", "f", 1),), more=True)), 5.0
        )
        self.assertEqual(asking.wake_at, 4.25)


class LoadTests(SynchronousTestCase):
    """What answers cost, and whom."""

    def test_large_listing(self) -> None:
        """A long answer goes out little by little, so that it never fills a link's queue."""
        hits = tuple(Hit("me", f"{'long' * 20}{n}", 1, file=f"{n:064x}") for n in range(9_000))
        asking = AnsweredRouter(lambda _ask: LocalAnswer(hits=hits))
        asking.handle(an_up(1, "a", since=0.0), 0.0)
        now, arrived, largest = 0.0, 0, 0
        effects = asking.handle(NeighborAsked(1, Ask(an_id(), "ls", peer="me", wait=5.0)), now)
        while True:
            told = [m for m in (s.message for s in of_kind(effects, Send)) if isinstance(m, Told)]
            arrived += sum(len(message.hits) for message in told)
            largest = max(largest, sum(len(encode(message)) for message in told))
            if not told[-1].more:
                break
            now = asking.wake_at
            effects = asking.handle(TimeCame(), now)
        self.assertEqual((arrived, told[-1].cut), (9_000, False))
        self.assertLess(now, 2.0)
        self.assertLess(largest, wire_limits.QUEUE_BYTES // 4)

    def test_out_of_time(self) -> None:
        """What cannot be passed on in time is left out, and that is told."""
        hits = tuple(Hit("me", f"f{n}", 1, file=f"{n:064x}") for n in range(9_000))
        asking = AnsweredRouter(lambda _ask: LocalAnswer(hits=hits))
        asking.handle(an_up(1, "a", since=0.0), 0.0)
        asking.handle(NeighborAsked(1, Ask(an_id(), "ls", peer="me", wait=0.1)), 0.0)
        last = of_kind(asking.handle(TimeCame(), 0.1), Send)[-1].message
        assert isinstance(last, Told)
        self.assertTrue(last.cut)
        self.assertEqual(asking.wake_at, inf)

    def test_listings_without_end(self) -> None:
        """Who asks for much again and again is told only so much, and searched for no more."""
        searches = []

        def know(ask: Ask) -> LocalAnswer:
            searches.append(ask)
            return LocalAnswer(
                hits=tuple(Hit("me", f"f{n}", 1, file=f"{n:064x}") for n in range(5_000))
            )

        asking = AnsweredRouter(know)
        asking.handle(an_up(1, "a", since=0.0), 0.0)
        asking.handle(an_up(2, "b", since=0.0), 0.0)
        for number in range(100):
            asking.handle(NeighborAsked(1, Ask(an_id(number), "ls", peer="me")), number / 100)
        self.assertLess(len(searches), 10)
        asking.handle(NeighborAsked(2, Ask(an_id(999), "ls", peer="me")), 1.0)
        self.assertEqual(searches[-1].id, an_id(999))

    def test_searches_without_end(self) -> None:
        """Who asks for much again and again leaves half of what others tell us to those we ask."""
        asking, told = an_asking(), 0
        for number in range(100):
            ask = Ask(an_id(number), "text", "f", wait=5.0)
            passed = of_kind(asking.handle(NeighborAsked(1, ask), 0.0), Send)
            if 2 in [send.link for send in passed]:
                hits = tuple(Hit("x", f"f{n}", 1, file=f"{n:064x}") for n in range(1_000))
                told += len(hits)
                asking.handle(MessageReceived(2, Told(ask.id, hits=hits)), 0.0)
        self.assertEqual(told, limits.ASK_RECORDS // 2 + 1_000)
        # Another neighbor's is passed on as before.
        passed = of_kind(asking.handle(NeighborAsked(3, Ask(an_id(999), "topo")), 0.0), Send)
        self.assertEqual([send.link for send in passed], [1, 2])

    def test_answers_without_end(self) -> None:
        """Answers to many questions at once are taken only as far as their asker may be told."""
        asking = an_asking()
        for number in range(50):
            asking.handle(NeighborAsked(1, Ask(an_id(number), "topo")), 0.0)
        passed = 0
        for number in range(50):
            for _ in range(10):
                peers = (PeerRecord("x"),) * 1_000
                asking.handle(MessageReceived(2, Told(an_id(number), peers=peers, more=True)), 0.0)
        for _ in range(100):
            told = [send.message for send in of_kind(asking.handle(TimeCame(), 0.25), Send)]
            passed += sum(len(message.peers) for message in told if isinstance(message, Told))
        self.assertLessEqual(passed, limits.ASK_RECORDS)

    def test_flood_is_not_passed_on(self) -> None:
        """A flood from one neighbor leaves room for what the others, and we, ask."""
        me = an_address("me", 9_000)
        rng = Random(1)
        passive = PassiveView(me, Book(b"secret"), rng)
        overlay = make_overlay(passive, count(1_000), rng)
        for link in range(wire_limits.LINKS_MOST):
            asking = Link("join", f"n{link}", 9_001 + link)
            overlay.handle(LinkAsked(link, asking, "127.0.0.1"), 0.0)
        sent = 0
        for link in range(1, wire_limits.LINKS_MOST):
            for number in range(1_000):
                ask = Ask(an_id(10_000 * link + number), "text", "x", wait=0.5)
                sends = of_kind(overlay.handle(MessageReceived(link, ask), 0.0), Send)
                sent += sum(send.link == 0 for send in sends)
                want = Want(ask.id, "0" * 64, "x", "127.0.0.1", 9_999, ("n0",), (f"n{link}",))
                sends = of_kind(overlay.handle(MessageReceived(link, want), 0.0), Send)
                sent += sum(send.link == 0 for send in sends)
        self.assertGreater(sent, 0)
        self.assertLessEqual(sent, limits.ASKS_BURST - limits.PASSED_ON_BURST)


class StormTests(SynchronousTestCase):
    """Strangers can make a peer change its neighbors, and dial, only so often."""

    def test_links_of_a_moment(self) -> None:
        """Neighbors that accept, name others like them and say goodbye are not dialed forever."""
        membership = a_membership()
        waiting = of_kind(membership.handle(Referred(tuple(addresses(8))), 0.0), Dial)
        dials, now = 0, 0.0
        while now < 60.0 and dials < 1_000:
            for dial in waiting:
                dials += 1
                membership.handle(LinkAccepted(dial.link, Linked()), now)
                others = tuple(an_address(f"x{dials}-{n}", 1_024 + 8 * dials + n) for n in range(8))
                waiting = of_kind(
                    membership.handle(ConnectionLost(dial.link, Bye("evicted", others)), now), Dial
                )
            if not waiting:
                now = max(now + 0.01, membership.wake_at)
                waiting = of_kind(membership.handle(TimeCame(), now), Dial)
        self.assertLess(dials, limits.LINKS_DIALED_BURST + 61 * limits.LINKS_DIALED_PER_SECOND)

    def test_many_names_for_one_place(self) -> None:
        """No number of names has one place dialed more than four times a minute."""
        membership = a_membership()
        dials, now = 0, 0.0
        for number in range(6_000):
            now = number / 100
            named = [an_address(f"v{number}-{n}", 9_999) for n in range(8)]
            waiting = of_kind(membership.handle(exchanged(named), now), Dial)
            self.assertLessEqual(len(waiting), 1)
            for dial in waiting:
                dials += 1
                membership.handle(ConnectionLost(dial.link), now)
        self.assertEqual(dials, 4)

    def test_many_ports_of_one_host(self) -> None:
        """Nor do ports: a host with no peer is dialed four times a minute, whoever names it."""
        membership = a_membership(host="192.0.2.1")
        dials = exchanges = 0
        for number in range(6_000):
            now = number / 100
            named = [
                an_address(f"v{number}-{n}", 1_024 + 8 * number + n, "192.0.2.9") for n in range(8)
            ]
            effects = membership.handle(exchanged(named), now) + membership.handle(TimeCame(), now)
            exchanges += len(of_kind(effects, Exchange))
            for dial in of_kind(effects, Dial):
                dials += 1
                membership.handle(ConnectionLost(dial.link), now)
        self.assertEqual(dials + exchanges, 4)

    def test_a_host_with_many_peers(self) -> None:
        """Where a peer has answered, all others on that host may be dialed."""
        membership = a_membership(host="192.0.2.1")
        peers = [an_address(f"s{n}", 9_000 + n, "192.0.2.9") for n in range(8)]
        dials = of_kind(membership.handle(Referred(tuple(peers)), 0.0), Dial)
        self.assertEqual(len(dials), 4)
        effects = membership.handle(LinkAccepted(dials[0].link, Linked()), 0.1)
        self.assertEqual(len(of_kind(effects, Dial)), 1)

    def test_honest_address_is_dialed_again(self) -> None:
        """Where nobody answered, somebody may a little later."""
        membership = a_membership()
        [dial] = of_kind(membership.handle(Referred((an_address(),)), 0.0), Dial)
        membership.handle(ConnectionLost(dial.link), 0.0)
        self.assertEqual(of_kind(membership.handle(Referred((an_address(),)), 14.0), Dial), [])
        self.assertEqual(len(of_kind(membership.handle(Referred((an_address(),)), 15.0), Dial)), 1)

    def test_flood_of_links(self) -> None:
        """However many ask for links, on loopback too, a peer's neighbors change only so often."""
        membership = a_membership()
        granted = 0
        for number in range(10_000):
            link = Link("join", f"x{number}", 9_009, alone=True)
            effects = membership.handle(LinkAsked(number, link, "127.0.0.1"), number / 1_000)
            granted += len(of_kind(effects, NeighborUp))
        self.assertLessEqual(granted, limits.LINKS_TAKEN_BURST + 10 * limits.LINKS_TAKEN_PER_SECOND)

    def test_addresses_made_up_by_neighbors(self) -> None:
        """Half of the book is for what was reached: who asked for a link does not count."""
        membership = a_membership()
        for number in range(50):
            link = Link("join", f"x{number}", 1_024 + number)
            membership.handle(LinkAsked(number, link, "127.0.0.1"), float(number))
            membership.handle(ConnectionLost(number, Bye("evicted")), float(number))
        book = membership.passive.book
        first = an_address("reached")
        book.confirmed(first)
        self.assertEqual(book.addresses()[0], first)
