"""What a neighbor that means harm may say, and what must come of it."""

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.asking import Asking, Known
from p2p_twisted.overlay.effects import Effect, Send
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Ask, Hit, PeerRecord, Told
from tests.overlay.builders import an_id, of_kind

TOPO = Ask(an_id(5), "topo", wait=2.0)


def an_asking() -> Asking:
    asking = Asking(lambda _ask: Known())
    for link, name in ((1, "a"), (2, "b"), (3, "c")):
        asking.neighbor_up(link, name)
    return asking


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
        self.assertEqual(of_kind(effects, Send)[-1].message, Told(TOPO.id, answered=1_000_000))
        assert_sendable(effects)

    def test_very_short_records(self) -> None:
        """Records that are so short that a line holds very many can be passed on."""
        asking = an_asking()
        asking.asked(1, TOPO, 0.0)
        for _ in range(4):
            asking.told(2, Told(TOPO.id, peers=(PeerRecord("x"),) * 700, more=True), 0.1)
        sends = of_kind(asking.wake(1.0), Send)
        assert_sendable(list(sends))
        told = [send.message for send in sends if isinstance(send.message, Told)]
        self.assertEqual(sum(len(message.peers) for message in told), 2_800)

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
