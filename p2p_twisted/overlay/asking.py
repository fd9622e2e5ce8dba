"""
Questions to every peer, whose answers flow back: the echo algorithm (Chang, 1982).

The first asker of a question is a peer's parent. The peer passes it on over its
other links and tells its parent what came back, when all whom it asked have
told, died or run out of time. A second asker is told nothing, at once: so a
neighbor from whom no word comes is dead, and named as silent.

A question goes along the tree of the broadcasts, and shapes it as they do; or,
where that may be broken or is too slow, by every link.
"""

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import reduce
from math import inf
from operator import xor
from typing import Final

import attrs
from attrs import define, field, frozen

from p2p_twisted.overlay.effects import Answer, Effect, LinkId, Send
from p2p_twisted.overlay.tree import Tree
from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import packed
from p2p_twisted.wire.messages import Ask, Hit, PeerRecord, Prune, Told
from p2p_twisted.wire.names import MessageId, PeerName

_LESS_PER_HOP_SECONDS: Final = 0.2
_SHORTEST_WAIT_SECONDS: Final = 0.01
_STREAM_SECONDS: Final = 0.25
_ANSWERED_MOST: Final = 1_000_000
_SILENT_MOST: Final = 256
_MARKS: Final = 48
_MARKS_PER_LINK: Final = 3
_PEERS_PER_CHANGE: Final = 500
_CHANGES_MOST: Final = 4


@frozen
class Known:
    """What a peer itself has to say to a question."""

    peers: tuple[PeerRecord, ...] = ()
    hits: tuple[Hit, ...] = ()


@define
class _Question:
    """A question that is under way; ``parent`` is absent for one of our own."""

    ask: Ask
    parent: LinkId | None
    deadline: float
    waiting: dict[LinkId, None]
    stream_at: float
    peers: list[PeerRecord] = field(factory=list)
    hits: list[Hit] = field(factory=list)
    silent: dict[PeerName, None] = field(factory=dict)
    passed: "Counter[str]" = field(factory=Counter)
    records: int = 0
    answered: int = 0
    cut: bool = False
    ends: int = 0

    @property
    def due(self) -> float:
        """When it ends, or when there is something to pass on to its parent."""
        has_news = self.parent is not None and bool(self.peers or self.hits)
        return min(self.deadline, self.stream_at) if has_news else self.deadline

    def add(self, peers: tuple[PeerRecord, ...], hits: tuple[Hit, ...]) -> None:
        """Take in part of the answer, within the question's bounds."""
        room = max(0, limits.ASK_RECORDS - self.records)
        self.cut = self.cut or len(peers) + len(hits) > room
        self.peers += peers[:room]
        self.records += len(peers)
        for hit in hits[: max(0, room - len(peers))]:
            content = hit.file or hit.name
            self.passed[content] += 1
            if self.passed[content] <= self.ask.limit:
                self.hits.append(hit)
                self.records += 1


@define
class Asking:
    """
    The questions that pass one peer.

    Every method returns what is to be done because of it; ``now`` is in
    seconds on the monotonic clock.

    :ivar name: this peer's.
    :ivar know: what this peer itself answers.
    :ivar tree: the present links.
    :ivar links: who is at their other ends.
    :ivar wake_at: when :meth:`wake` is to be called next; infinity means not at all.
    """

    name: PeerName
    know: Callable[[Ask], Known]
    tree: Tree
    links: dict[LinkId, PeerName] = field(factory=dict)
    _ends: int = 0
    _open: dict[MessageId, _Question] = field(factory=dict)
    _seen: "OrderedDict[MessageId, None]" = field(factory=OrderedDict)

    @property
    def wake_at(self) -> float:
        """When something is due."""
        return min((question.due for question in self._open.values()), default=inf)

    @property
    def is_idle(self) -> bool:
        """Whether no question is under way."""
        return not self._open

    def ask(self, ask: Ask, now: float) -> list[Effect]:
        """Ask all others; an :class:`Answer` follows. What we know ourselves is not in it."""
        return self._begin(ask, None, Known(), now)

    def asked(self, link: LinkId, ask: Ask, now: float) -> list[Effect]:
        """Answer a neighbor's question, after having passed it on."""
        if link not in self.links:
            return []
        if ask.id in self._seen:
            is_pruned = not ask.flood and self.tree.prune(link)
            return [Send(link, Told(ask.id)), *([Send(link, Prune())] if is_pruned else [])]
        if len(self._open) >= limits.ASKS_OPEN:
            return [Send(link, Told(ask.id, cut=True))]
        return self._begin(ask, link, self.know(ask), now)

    def told(self, link: LinkId, told: Told, now: float) -> list[Effect]:
        """Take in what a neighbor was told."""
        question = self._open.get(told.id)
        if question is None or link not in question.waiting:
            return []
        name = self.links[link]
        hits = tuple(
            attrs.evolve(hit, route=(name, *hit.route))
            for hit in told.hits
            if len(hit.route) < limits.ROUTE_HOPS
        )
        question.add(told.peers, hits)
        question.cut = question.cut or told.cut
        if told.more:
            return []
        del question.waiting[link]
        question.answered = min(question.answered + told.answered, _ANSWERED_MOST)
        question.silent.update(dict.fromkeys(told.silent))
        question.ends ^= told.ends
        return self._end_if_complete(question)

    def neighbor_up(self, link: LinkId, name: PeerName) -> None:
        """Note a link; questions that are under way do not take it."""
        self.links[link] = name
        self._ends ^= mark(self.name, name)

    def neighbor_down(self, link: LinkId, has_died: bool) -> list[Effect]:
        """Wait no longer for a neighbor, and for a parent's sake no more at all."""
        name = self.links.pop(link)
        self._ends ^= mark(self.name, name)
        effects: list[Effect] = []
        for question in list(self._open.values()):
            if question.parent == link:
                del self._open[question.ask.id]
            elif link in question.waiting:
                del question.waiting[link]
                if has_died:
                    question.silent[name] = None
                effects += self._end_if_complete(question)
        return effects

    def wake(self, now: float) -> list[Effect]:
        """End what has run out of time, and stream what has come so far."""
        effects: list[Effect] = []
        for question in list(self._open.values()):
            if now >= question.deadline:
                silent = [self.links[link] for link in question.waiting]
                question.silent.update(dict.fromkeys(silent))
                question.waiting.clear()
                effects += self._end_if_complete(question)
            elif now >= question.stream_at:
                question.stream_at = now + _STREAM_SECONDS
                effects += self._stream(question)
        return effects

    def _begin(self, ask: Ask, parent: LinkId | None, known: Known, now: float) -> list[Effect]:
        self._seen[ask.id] = None
        if len(self._seen) > limits.SEEN_IDS:
            self._seen.popitem(last=False)
        is_passed_on = ask.hops > 0 and ask.wait >= _SHORTEST_WAIT_SECONDS
        ways = self.tree.links if ask.flood else self.tree.eager
        others = [link for link in ways if is_passed_on and link != parent]
        question = _Question(
            ask, parent, now + ask.wait, dict.fromkeys(others), now + _STREAM_SECONDS
        )
        question.answered = 0 if parent is None else 1
        question.ends = self._ends
        question.add(known.peers, known.hits)
        self._open[ask.id] = question
        # A child must give up before its parent does, or all it gathered is lost.
        wait = max(ask.wait - _LESS_PER_HOP_SECONDS, ask.wait / 2)
        onward = attrs.evolve(ask, hops=max(0, ask.hops - 1), wait=wait)
        effects: list[Effect] = [Send(link, onward) for link in others]
        return effects + self._end_if_complete(question)

    def _stream(self, question: _Question) -> list[Effect]:
        """Pass on what has come so far, in lines that say that more follows."""
        if question.parent is None or not (question.peers or question.hits):
            return []
        id_ = question.ask.id
        lines = [
            *packed(question.peers, lambda some: Told(id_, peers=some, more=True)),
            *packed(question.hits, lambda some: Told(id_, hits=some, more=True)),
        ]
        question.peers.clear()
        question.hits.clear()
        return [Send(question.parent, line) for line in lines]

    def _end_if_complete(self, question: _Question) -> list[Effect]:
        if question.waiting:
            return []
        del self._open[question.ask.id]
        silent = tuple(question.silent)
        if question.parent is None:
            answer = Answer(
                question.ask.id,
                tuple(question.peers),
                tuple(question.hits),
                question.answered,
                silent,
                question.cut,
                not (silent or question.cut) and is_whole(question.ends, question.answered),
            )
            return [answer]
        last = Told(
            question.ask.id,
            answered=question.answered,
            silent=silent[:_SILENT_MOST],
            cut=question.cut,
            ends=question.ends,
        )
        return [*self._stream(question), Send(question.parent, last)]


def mark(one: PeerName, other: PeerName) -> int:
    """Choose three of 48 bits for a link, the same at both its ends."""
    ends = " ".join(sorted((one, other))).encode()
    digest = hashlib.blake2b(ends, digest_size=_MARKS_PER_LINK).digest()
    return reduce(xor, (1 << byte % _MARKS for byte in digest))


def is_whole(ends: int, answered: int) -> bool:
    """
    Tell whether the ends of links that are left over are few enough.

    In a large network some link always begins or ends while a question is under
    way, and only one of its ends tells of it.
    """
    changes = min(answered // _PEERS_PER_CHANGE, _CHANGES_MOST)
    return ends.bit_count() <= _MARKS_PER_LINK * changes
