"""Hits are looked at before they are believed."""

from attrs import field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.effects import Answer
from p2p_twisted.peer.interface import NotFound
from p2p_twisted.peer.search import Search
from p2p_twisted.wire.messages import Ask, Hit
from p2p_twisted.wire.names import MessageId, PeerAddress

FILE, OTHER = "f" * 64, "e" * 64


@frozen
class LyingNode:
    """Gives the same hits to every question; stands for a node with such neighbors."""

    hits: tuple[Hit, ...]
    me: PeerAddress
    asked: list[Ask] = field(factory=list)

    def now(self) -> float:
        return 0.0

    def new_id(self) -> MessageId:
        return f"{len(self.asked):032x}"

    def ask(self, ask: Ask, _patience: float) -> "Deferred[Answer]":
        self.asked.append(ask)
        return succeed(Answer(ask.id, (), self.hits, 1, (), cut=False, is_whole=False))


class HitTests(SynchronousTestCase):
    def search(self, *hits: Hit) -> Search:
        self.node = LyingNode(hits, PeerAddress("s1", "127.0.0.1", 9_001))
        return Search(self.node)  # type: ignore[arg-type]

    def test_other_content(self) -> None:
        """Who asks for some content by its id gets no other."""
        search = self.search(Hit("liar", "f1", 1, file=OTHER), Hit("s2", "f1", 1, file=FILE))
        found = self.successResultOf(Deferred.fromCoroutine(search.holders(FILE)))
        self.assertEqual([hit.peer for hit in found], ["s2"])

    def test_other_name(self) -> None:
        """A hit of another name does not end a search."""
        search = self.search(Hit("liar", "nonsense", 1, file=OTHER))
        self.failureResultOf(Deferred.fromCoroutine(search.resolve("f1", None)), NotFound)
        self.assertGreater(len(self.node.asked), 3)

    def test_other_peer(self) -> None:
        """Where one peer is meant, no other answers for it."""
        search = self.search(Hit("liar", "f1", 1, file=FILE))
        self.failureResultOf(Deferred.fromCoroutine(search.resolve("f1", "s2")), NotFound)
