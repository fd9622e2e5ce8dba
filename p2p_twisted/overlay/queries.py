"""
Questions to every peer, whose answers flow back: the echo algorithm (Chang, 1982).

The first asker of a question is a peer's parent. The peer passes it on over its
other links and tells its parent what came back, when all whom it asked have
told, died or run out of time. A second asker is told nothing, at once: so a
neighbor from whom no word comes is dead, and named as silent.

A question goes along the tree of the broadcasts, and shapes it as they do; or,
where that may be broken or is too slow, by every link, all the way or at first.
Where it was broken, whoever a question comes to only by every link mends it.
"""

from collections.abc import Callable
from math import inf
from statistics import fmean
from typing import Final

import attrs
from attrs import define, field, frozen

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.completeness import LinkParity, mark
from p2p_twisted.overlay.effects import Effect, LinkId, Send
from p2p_twisted.overlay.pending_query import PendingQuery
from p2p_twisted.overlay.seen import Seen
from p2p_twisted.overlay.tree import Tree
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Ask, Graft, Hit, PeerRecord, Prune, Told
from p2p_twisted.wire.names import MessageId, PeerName

_SHORTEST_WAIT_SECONDS: Final = 0.01
_STREAM_SECONDS: Final = 0.25
_STREAM_AGAIN_SECONDS: Final = 0.05
# Our own links may be short, but those behind them long. To wait a little longer only delays
# what is far; to ask more peers too early costs five to ten times as many lines.
_HASTE_SECONDS_PER_HOP: Final = 0.05
_UNKNOWN_ROUND_TRIP_SECONDS: Final = 0.15
# Whoever has less than this left is told nothing: finding so few would not be worth the search.
_RECORDS_LEAST: Final = 1_000
_ANSWERED_MOST: Final = 1_000_000


@frozen
class LocalAnswer:
    """
    What a peer itself has to say to a question.

    :ivar cut: whether that is not all.
    """

    peers: tuple[PeerRecord, ...] = ()
    hits: tuple[Hit, ...] = ()
    cut: bool = False


@define
class QueryRouter:
    """
    The questions that pass one peer.

    Every method returns what is to be done because of it; ``now`` is in
    seconds on the monotonic clock.

    :ivar name: this peer's.
    :ivar know: what this peer itself answers.
    :ivar tree: the present links.
    :ivar round_trip: tells how long a link takes there and back, in seconds, if it is known.
    :ivar links: who is at their other ends.
    :ivar wake_at: when :meth:`wake` is to be called next; infinity means not at all.
    """

    name: PeerName
    know: Callable[[Ask], LocalAnswer]
    tree: Tree
    round_trip: Callable[[LinkId], float | None]
    links: dict[LinkId, PeerName] = field(factory=dict)
    wake_at: float = inf
    _ends: LinkParity = field(factory=LinkParity)
    # What each neighbor may still be told.
    _budgets: dict[LinkId, TokenBucket] = field(factory=dict)
    _open: dict[MessageId, PendingQuery] = field(factory=dict)
    _seen: Seen = field(factory=Seen)

    @property
    def is_idle(self) -> bool:
        """Whether no question is under way; of quiet ones nobody says when they have ended."""
        return all(question.ask.quiet for question in self._open.values())

    def ask(self, ask: Ask, now: float, patience: float = inf) -> list[Effect]:
        """
        Ask all others; an :class:`Answer` follows. What we know ourselves is not in it.

        :param patience: how many round trips to wait for each hop that it may go, and 50 ms
            at least; without it, all of ``ask.wait``.
        """
        if ask.tree and not self.tree.is_shaped:
            # What goes along the tree all the way shapes it.
            ask = attrs.evolve(ask, tree=wire_limits.ASK_HOPS)
        effects = self._begin(ask, None, LocalAnswer(), now)
        question = self._open.get(ask.id)
        if question is not None and patience < inf:
            per_hop = max(patience * self._usual_round_trip, _HASTE_SECONDS_PER_HOP)
            question.is_hasty, question.deadline = True, now + min(per_hop * ask.hops, ask.wait)
            self._reset_alarm()
        return effects

    def is_new(self, ask: Ask) -> bool:
        """Tell whether a question has not been asked here before."""
        # However many came since: what is open is not forgotten.
        return not (ask.id in self._open or ask.id in self._seen)

    def asked(self, link: LinkId, ask: Ask, now: float, is_passed_on: bool = True) -> list[Effect]:
        """
        Answer a neighbor's question, after having passed it on.

        :param is_passed_on: where it is not, only we answer.
        """
        if link not in self.links:
            return []
        has_budget = self._budgets[link].left(now) >= _RECORDS_LEAST
        is_taken = len(self._open) < limits.ASKS_OPEN and has_budget
        is_new = self.is_new(ask)
        if ask.quiet and not (is_new and is_taken):
            return []
        if not is_new:
            # What went by other links may have come sooner than along the tree.
            is_pruned = ask.tree == wire_limits.ASK_HOPS and self.tree.prune(link)
            return [
                Send(link, Told(ask.id)),
                *([Send(link, Prune())] if is_pruned else []),
            ]
        if not is_taken:
            return [Send(link, Told(ask.id, cut=True))]
        known = self.know(ask)
        ask = attrs.evolve(ask, age=min(ask.age + self.way(link), wire_limits.ASK_SECONDS))
        mending: list[Effect] = []
        is_missed = ask.after is not None and ask.after not in self._seen
        if is_missed and not self.tree.is_eager(link):
            self.tree.graft(link)
            mending.append(Send(link, Graft()))
        if not is_passed_on:
            ask, known = attrs.evolve(ask, hops=0), attrs.evolve(known, cut=True)
        return [*mending, *self._begin(ask, link, known, now)]

    def told(self, link: LinkId, told: Told, now: float) -> list[Effect]:
        """Take in what a neighbor was told."""
        question = self._open.get(told.id)
        if question is None or link not in question.waiting:
            return []
        name = self.links[link]
        hits = tuple(
            attrs.evolve(hit, route=(name, *hit.route))
            for hit in told.hits
            if len(hit.route) < wire_limits.ROUTE_HOPS
        )
        self._add(question, told.peers, hits, now)
        question.cut = question.cut or told.cut
        if told.more:
            return []
        del question.waiting[link]
        question.answered = min(question.answered + told.answered, _ANSWERED_MOST)
        question.silent.update(dict.fromkeys(told.silent))
        question.ends ^= told.ends
        return self._end_if_complete(question, now)

    def way(self, link: LinkId) -> float:
        """Guess how long a line takes on a link, in seconds."""
        known = self.round_trip(link)
        return (_UNKNOWN_ROUND_TRIP_SECONDS if known is None else known) / 2

    def neighbor_up(self, link: LinkId, name: PeerName, since: float) -> None:
        """Note a link; questions that are under way do not take it."""
        self.links[link] = name
        self._budgets[link] = TokenBucket(limits.ASK_RECORDS_PER_SECOND, limits.ASK_RECORDS)
        self._ends.change(mark(self.name, name), since)

    def neighbor_down(self, link: LinkId, has_died: bool, now: float, since: float) -> list[Effect]:
        """Wait no longer for a neighbor, and for a parent's sake no more at all."""
        name = self.links.pop(link)
        del self._budgets[link]
        self._ends.change(mark(self.name, name), since)
        effects: list[Effect] = []
        for question in list(self._open.values()):
            if question.parent == link:
                del self._open[question.ask.id]
            elif link in question.waiting:
                del question.waiting[link]
                if has_died:
                    question.silent[name] = None
                effects += self._end_if_complete(question, now)
        self._reset_alarm()
        return effects

    def wake(self, now: float) -> list[Effect]:
        """End what has run out of time, and stream what has come so far."""
        effects: list[Effect] = []
        for question in list(self._open.values()):
            if now >= question.deadline:
                if question.is_hasty:
                    question.cut = True
                else:
                    silent = [self.links[link] for link in question.waiting]
                    question.silent.update(dict.fromkeys(silent))
                question.waiting.clear()
                effects += self._end_if_complete(question, now)
            elif now >= question.due:
                effects += self._go_on(question, now)
        self._reset_alarm()
        return effects

    @property
    def _usual_round_trip(self) -> float:
        times = [self.round_trip(link) for link in self.links]
        known = [time for time in times if time is not None]
        return fmean(known or [_UNKNOWN_ROUND_TRIP_SECONDS])

    def _reset_alarm(self) -> None:
        self.wake_at = min((question.due for question in self._open.values()), default=inf)

    def _begin(
        self, ask: Ask, parent: LinkId | None, known: LocalAnswer, now: float
    ) -> list[Effect]:
        self._seen.add(ask.id)
        is_passed_on = ask.hops > 0 and ask.wait >= _SHORTEST_WAIT_SECONDS
        ways = self.tree.links if ask.hops > ask.tree else self.tree.eager
        others = [link for link in ways if is_passed_on and link != parent]
        # Nobody tells when a quiet one has come to its end, so it must not take long.
        wait = min(ask.wait, limits.QUIET_ASK_SECONDS) if ask.quiet else ask.wait
        question = PendingQuery(ask, parent, now + wait, dict.fromkeys(others), now)
        if ask.what not in ("name", "id"):
            # Answers of so many peers are better passed on several at a time.
            question.stream_at += _STREAM_SECONDS
        question.answered = 0 if parent is None else 1
        question.ends = self._ends.at(now - ask.age)
        question.cut = known.cut
        question.is_hasty = ask.quiet
        self._open[ask.id] = question
        self._add(question, known.peers, known.hits, now)
        effects: list[Effect] = []
        if others:
            onward = question.onward
            effects += [Send(link, onward) for link in others]
        return effects + self._end_if_complete(question, now)

    def _add(
        self,
        question: PendingQuery,
        peers: tuple[PeerRecord, ...],
        hits: tuple[Hit, ...],
        now: float,
    ) -> None:
        """Take in part of an answer, as far as its asker may be told."""
        room = limits.ASK_RECORDS - question.records
        if question.parent is None:
            question.add(peers, hits, room)
        else:
            budget = self._budgets[question.parent]
            budget.spend(question.add(peers, hits, min(room, budget.left(now))))
        # Only ever earlier: to look at all open questions each time would take long.
        self.wake_at = min(self.wake_at, question.due)

    def _end_if_complete(self, question: PendingQuery, now: float) -> list[Effect]:
        return [] if question.waiting else self._go_on(question, now)

    def _go_on(self, question: PendingQuery, now: float) -> list[Effect]:
        """Pass on some of what has come, and the end when that was all."""
        if question.parent is None:
            del self._open[question.ask.id]
            return [question.answer()]
        # A little at a time: all at once would fill the link's queue, and cut the link.
        parent, lines = question.parent, question.take_lines()
        effects: list[Effect] = [Send(parent, line, sheddable=True) for line in lines]
        question.stream_at = now + _STREAM_SECONDS
        if question.has_more:
            question.stream_at = now + _STREAM_AGAIN_SECONDS
        if question.waiting or (question.has_more and now < question.deadline):
            self.wake_at = min(self.wake_at, question.due)
            return effects
        del self._open[question.ask.id]
        return effects if question.ask.quiet else [*effects, Send(parent, question.last_line())]
