"""How long a search goes on once somebody has what is sought."""

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.effects import Answer
from p2p_twisted.overlay.events import Sufficed
from p2p_twisted.wire.limits import ASK_HOPS
from p2p_twisted.wire.messages import Ask, Hit
from tests.peer.cases import AnsweringNetwork, searches_in

FILE, OTHER = "f" * 64, "e" * 64
WHOLE = Hit("s2", "f1", 1, file=FILE)
SOME = Hit("s3", "f1", 1, file=FILE, partial=True)
WRONG = Hit("liar", "f1", 1, file=OTHER)


@frozen
class FarNetwork(AnsweringNetwork):
    """A network where nobody near has anything; who is far tells of its hits one by one."""

    sufficed: list[Ask] = field(factory=list)

    def ask(self, ask: Ask, _patience: float, part: object = None) -> "Deferred[Answer]":
        self.asked.append(ask)
        hits = self.hits if ask.hops == ASK_HOPS else ()
        for hit in hits:
            assert callable(part)
            part((hit,))
        return succeed(Answer(ask.id, (), hits, 1, (), cut=False, is_whole=ask.hops == ASK_HOPS))

    def feed(self, event: Sufficed) -> None:
        """Record which question need not wait for others."""
        self.sufficed.append(self.asked[-1])
        assert event.id == self.asked[-1].id


class BriefSearchTests(SynchronousTestCase):
    def sufficed(self, what: Any, text: str, hits: Sequence[Hit], **how: Any) -> int:
        """Ask; return how often what came would do."""
        network = FarNetwork(tuple(hits))
        asked = searches_in(network).ask(what, text, **how)
        self.successResultOf(Deferred.fromCoroutine(asked))
        self.assertTrue(all(ask.hops == ASK_HOPS for ask in network.sufficed))
        return len(network.sufficed)

    def test_found(self) -> None:
        """Others are waited for only briefly once somebody has all of it."""
        self.assertEqual(self.sufficed("id", FILE, [WHOLE]), 1)
        self.assertEqual(self.sufficed("name", "f1", [SOME, WHOLE]), 1)

    def test_not_yet(self) -> None:
        """Who has some of it, or something else, does not end a search for others."""
        self.assertEqual(self.sufficed("id", FILE, [SOME, WRONG]), 0)

    def test_all_of_them(self) -> None:
        """Who looks for all that there is, or asks again, waits for all others."""
        self.assertEqual(self.sufficed("text", "f", [WHOLE]), 0)
        self.assertEqual(self.sufficed("id", FILE, [WHOLE], again=True), 0)
