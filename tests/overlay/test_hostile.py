"""What a neighbor that means harm may say, and what must come of it."""

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.effects import Dial, Effect, NeighborUp, Send
from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Ask, Bye, Hit, Link, Linked, PeerRecord, Told
from tests.overlay.builders import a_membership, addresses, an_address, an_asking, an_id, of_kind

TOPO = Ask(an_id(5), "topo", wait=2.0)


def assert_sendable(effects: list[Effect]) -> None:
    for send in of_kind(effects, Send):
        encode(send.message)


class QuestionTests(SynchronousTestCase):
    def test_counts_add_up(self) -> None:
        """However many peers neighbors claim to speak for, their sum can be told."""
        asking = an_asking()
        asking.asked(1, TOPO, 0.0)
        asking.told(2, Told(TOPO.id, answered=1_000_000), 0.1)
        effects = asking.told(3, Told(TOPO.id, answered=1_000_000), 0.1)
        last = of_kind(effects, Send)[-1].message
        assert isinstance(last, Told)
        self.assertEqual(last.answered, 1_000_000)
        assert_sendable(effects)

    def test_very_short_records(self) -> None:
        """Records that are so short that a line holds very many can be passed on."""
        asking = an_asking()
        asking.asked(1, TOPO, 0.0)
        for _ in range(3):
            asking.told(2, Told(TOPO.id, peers=(PeerRecord("x"),) * 700, more=True), 0.1)
        sends = of_kind(asking.wake(1.0), Send)
        assert_sendable(list(sends))
        told = [send.message for send in sends if isinstance(send.message, Told)]
        self.assertEqual(sum(len(message.peers) for message in told), 2_100)

    @given(st.floats(min_value=0, max_value=10, exclude_min=True))
    def test_any_wait(self, wait: float) -> None:
        """However short the time is, what is passed on can be sent."""
        assert_sendable(an_asking().asked(1, attrs.evolve(TOPO, wait=wait), 0.0))

    def test_questions_without_answers_do_not_wake(self) -> None:
        """Open questions cost nothing until something comes: many of them keep nobody busy."""
        asking = an_asking()
        for number in range(500):
            asking.asked(1, Ask(an_id(number), "topo", wait=10.0), number / 100)
        self.assertEqual(asking.wake_at, 10.0)
        asking.told(2, Told(an_id(400), hits=(Hit("x", "f", 1),), more=True), 5.0)
        self.assertEqual(asking.wake_at, 4.25)


class StormTests(SynchronousTestCase):
    """Strangers can make a peer change its neighbors, and dial, only so often."""

    def test_links_of_a_moment(self) -> None:
        """Neighbors that accept, name others like them and say goodbye are not dialed forever."""
        membership = a_membership()
        waiting = of_kind(membership.introduce(addresses(8), 0.0), Dial)
        dials, now = 0, 0.0
        while now < 60.0 and dials < 1_000:
            for dial in waiting:
                dials += 1
                membership.accepted(dial.link, Linked(), now)
                others = tuple(an_address(f"x{dials}-{n}", 1_024 + 8 * dials + n) for n in range(8))
                waiting = of_kind(membership.lost(dial.link, now, Bye("evicted", others)), Dial)
            if not waiting:
                now = max(now + 0.01, membership.wake_at)
                waiting = of_kind(membership.wake(now), Dial)
        self.assertLess(dials, limits.LINKS_DIALED_BURST + 61 * limits.LINKS_DIALED_PER_SECOND)

    def test_many_names_for_one_place(self) -> None:
        """No number of names has one place dialed more than four times a minute."""
        membership = a_membership()
        dials, now = 0, 0.0
        for number in range(6_000):
            now = number / 100
            named = [an_address(f"v{number}-{n}", 9_999) for n in range(8)]
            waiting = of_kind(membership.traded(named, now), Dial)
            self.assertLessEqual(len(waiting), 1)
            for dial in waiting:
                dials += 1
                membership.lost(dial.link, now)
        self.assertEqual(dials, 4)

    def test_honest_address_is_dialed_again(self) -> None:
        """Where nobody answered, somebody may a little later."""
        membership = a_membership()
        [dial] = of_kind(membership.introduce([an_address()], 0.0), Dial)
        membership.lost(dial.link, 0.0)
        self.assertEqual(of_kind(membership.introduce([an_address()], 14.0), Dial), [])
        self.assertEqual(len(of_kind(membership.introduce([an_address()], 15.0), Dial)), 1)

    def test_flood_of_links(self) -> None:
        """However many ask for links, on loopback too, a peer's neighbors change only so often."""
        membership = a_membership()
        granted = 0
        for number in range(10_000):
            link = Link("join", f"x{number}", 9_009, alone=True)
            effects = membership.asked(number, link, "127.0.0.1", number / 1_000)
            granted += len(of_kind(effects, NeighborUp))
        self.assertLessEqual(granted, limits.LINKS_TAKEN_BURST + 10 * limits.LINKS_TAKEN_PER_SECOND)

    def test_addresses_made_up_by_neighbors(self) -> None:
        """Half of the book is for what was reached: who asked for a link does not count."""
        membership = a_membership()
        for number in range(50):
            link = Link("join", f"x{number}", 1_024 + number)
            membership.asked(number, link, "127.0.0.1", float(number))
            membership.lost(number, float(number), Bye("evicted"))
        book = membership.passive.book
        first = an_address("reached")
        book.reached(first)
        self.assertEqual(book.addresses()[0], first)
