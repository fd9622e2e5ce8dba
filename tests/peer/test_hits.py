"""Hits are looked at before they are believed."""

from typing import Any, cast

from attrs import field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.overlay.effects import Answer
from p2p_twisted.peer.hashing_wait import HashingWait
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.peer.own_content import OwnContent
from p2p_twisted.peer.resolve import Resolver
from p2p_twisted.peer_errors import Ambiguous, NotFound, PeerError
from p2p_twisted.runtime.threads import inline
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire.messages import Ask, Hit
from tests.peer.cases import AnsweringNetwork, searches_in

WORDS = 1_000
FILE, OTHER = "f" * 64, "e" * 64


@frozen
class LostNetwork(AnsweringNetwork):
    """A network that gives no answer until all links have ended."""

    unanswered: list["Deferred[Answer]"] = field(factory=list)

    def ask(self, ask: Ask, _patience: float, _part: object = None) -> "Deferred[Answer]":
        self.asked.append(ask)
        answer: Deferred[Answer] = Deferred()
        self.unanswered.append(answer)
        if any(each.called for each in self.unanswered):
            self.end(answer)
        return answer

    def end(self, answer: "Deferred[Answer]") -> None:
        """Answer that nobody was there."""
        answer.callback(Answer("0" * 32, (), (), 0, (), cut=False, is_whole=True))

    def alone(self) -> str:
        return "all have gone"


class HitTests(SynchronousTestCase):
    def resolver(self, *hits: Hit, is_busy: bool = False) -> Resolver:
        self.network = AnsweringNetwork(hits, is_busy=is_busy)
        return self.resolver_in(self.network)

    def resolver_in(self, of: AnsweringNetwork) -> Resolver:
        self.clock = Clock()
        downloads: Any = None
        return Resolver(
            clock=self.clock,
            me="s1",
            searches=searches_in(of),
            own=OwnContent((Catalog(),), str, Inbox(self.mktemp()), downloads, inline),
            offload=inline,
        )

    def test_other_content(self) -> None:
        """A peer that asks for some content by its id gets no other."""
        resolver = self.resolver(Hit("liar", "f1", 1, file=OTHER), Hit("s2", "f1", 1, file=FILE))
        found = self.successResultOf(Deferred.fromCoroutine(resolver.resolve(FILE, None)))
        self.assertEqual([hit.peer for hit in found], ["s2"])

    def test_short_id(self) -> None:
        """Where several ids begin as a short one, one of them must be chosen; others are not."""
        alike = "f" * 16 + "0" * 48
        hits = Hit("s2", "f1", 1, file=FILE), Hit("s3", "f2", 1, file=alike)
        resolver = self.resolver(*hits, Hit("liar", "f1", 1, file=OTHER))
        asked = Deferred.fromCoroutine(resolver.resolve("f" * 16, None))
        ambiguous = self.failureResultOf(asked, Ambiguous).value
        self.assertEqual({hit.file for hit in ambiguous.hits}, {FILE, alike})
        self.assertEqual(str(ambiguous), "several ids begin so")

    def test_other_name(self) -> None:
        """A hit of another name does not end a search."""
        resolver = self.resolver(Hit("liar", "nonsense", 1, file=OTHER))
        asked = Deferred.fromCoroutine(resolver.resolve("f1", None))
        self.clock.advance(1.0)
        self.failureResultOf(asked, NotFound)
        self.assertGreater(len(self.network.asked), 3)

    def test_other_peer(self) -> None:
        """Where one peer is meant, no other answers for it."""
        resolver = self.resolver(Hit("liar", "f1", 1, file=FILE))
        asked = Deferred.fromCoroutine(resolver.resolve("f1", "s2"))
        self.clock.advance(1.0)
        self.failureResultOf(asked, PeerError)

    def test_cut(self) -> None:
        """Where a peer had no time to look, nobody is told without more ado that there is none."""
        for is_busy in (False, True):
            resolver = self.resolver(is_busy=is_busy)
            asked = Deferred.fromCoroutine(resolver.resolve("f1", None))
            self.clock.advance(1.0)
            missing = self.failureResultOf(asked, NotFound)
            self.assertEqual("ask again" in missing.getErrorMessage(), is_busy)

    def test_many_words(self) -> None:
        """Where all others go, each of very many names is told to be nowhere."""
        network, nobody = LostNetwork(()), cast(Any, None)
        words = [f"n{number}" for number in range(WORDS)]
        selecting = self.resolver_in(network).select(
            words, None, lambda: HashingWait(self.clock, nobody, unwatched, nobody)
        )
        selected = Deferred.fromCoroutine(selecting)
        self.assertNoResult(selected)
        for answer in list(network.unanswered):
            network.end(answer)
        failed = self.successResultOf(selected).failed
        self.assertEqual([word for word, _error in failed], words)
        self.assertEqual({type(error) for _word, error in failed}, {NotFound})
