"""
Queries to every peer, whose answers flow back: the echo algorithm (Chang, 1982).

The first asker of a query is a peer's parent. The peer passes it on over its other links and
tells its parent what came back, when all that it asked have told, died or run out of time.
A second asker is told nothing, at once, or has been: the same question has crossed its own. So
a neighbor that says nothing is dead, and is named as silent. More is in docs/overlay.md.
"""

from collections.abc import Sequence
from math import inf
from typing import Final

import attrs
from attrs import define, field

from p2p_twisted.overlay import events, limits
from p2p_twisted.overlay.completeness import LinkParity, mark
from p2p_twisted.overlay.effects import (
    AnswerPart,
    Consult,
    Effect,
    GraftHint,
    Hint,
    LinkId,
    LocalAnswer,
    NeighborChange,
    NeighborDown,
    NeighborUp,
    PruneHint,
    Send,
)
from p2p_twisted.overlay.late_neighbors import LateNeighbors
from p2p_twisted.overlay.open_shares import OpenShares
from p2p_twisted.overlay.pending_query import PendingQuery, by_way_of
from p2p_twisted.overlay.round_trips import RoundTrips
from p2p_twisted.overlay.seen import Seen
from p2p_twisted.overlay.tree import TreeView
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Ask, Told
from p2p_twisted.wire.names import MessageId, PeerName

_SHORTEST_WAIT_SECONDS: Final = 0.01

QueryEvent = (
    events.MessageReceived
    | events.NeighborAsked
    | events.Consulted
    | events.Asked
    | events.Sufficed
    | events.Lapse
    | NeighborChange
    | events.TimeCame
)


@define
class QueryRouter:
    """
    The queries that pass one peer.

    :ivar name: this peer's.
    :param tree: the present links.
    :ivar links: the peers at their other ends.
    :ivar wake_at: when ``TimeCame`` is due next; infinity means not at all.
    """

    name: PeerName
    _tree: TreeView
    _round_trips: RoundTrips
    links: dict[LinkId, PeerName] = field(factory=dict)
    wake_at: float = inf
    _parity: LinkParity = field(factory=LinkParity)
    _open: dict[MessageId, PendingQuery] = field(factory=dict)
    _shares: OpenShares = field(factory=OpenShares)
    _seen: Seen = field(factory=Seen)
    _late: LateNeighbors = field(factory=LateNeighbors)

    @property
    def is_idle(self) -> bool:
        """Whether no query is under way; of quiet ones no peer says when they have ended."""
        return not self._open or all(query.ask.quiet for query in self._open.values())

    def is_new(self, ask: Ask) -> bool:
        """Return whether a query has not been asked here before."""
        # However many came since: what is open is not forgotten.
        return not (ask.id in self._open or ask.id in self._seen)

    def is_answer(self, link: LinkId, ask: Ask) -> bool:
        """Return whether a neighbor's query has crossed the same one, and answers it."""
        query = self._open.get(ask.id)
        return ask.crossing and query is not None and link in query.waiting

    def handle(self, event: QueryEvent, now: float) -> Sequence[Effect | Hint]:
        """
        Handle an event at the time ``now``, in seconds on the monotonic clock.

        :returns: what is to be done because of it, and what it says of the tree.
        """
        match event:
            case events.MessageReceived(link, Told() as told):
                return self._told(link, told, now)
            case events.NeighborAsked():
                return self._asked(event.link, event.ask, event.is_passed_on, now)
            case events.Consulted():
                return self._consulted(event.id, event.answer, now)
            case events.Asked():
                return self._ask(event.ask, event.patience, now)
            case events.Sufficed() if event.id in self._open:
                self._open[event.id].suffice(now)
                self._reset_alarm()
            case events.FellBehind():
                self._fell_behind(event.link)
            case events.FellSilent(link) if link in self.links:
                self._late.fell_silent(link, event.is_silent)
            case NeighborUp(link, address, _, since):
                self.links[link] = address.name
                self._shares.neighbor_up(link)
                # Queries that are under way do not take it.
                self._parity.change(mark(self.name, address.name), since)
            case NeighborDown():
                return self._neighbor_down(event, now)
            case events.TimeCame():
                return self._wake(now)
        return []

    def _asked(
        self, link: LinkId, ask: Ask, is_passed_on: bool, now: float
    ) -> Sequence[Effect | Hint]:
        """Answer a neighbor's query, after having passed it on."""
        if link not in self.links:
            return []
        is_taken = self._shares.has_room(link, now)
        # Nobody is left out where there is nobody else.
        is_passed_on &= len(self.links) == 1 or self._shares.has_plenty(link, now)
        is_new = self.is_new(ask)
        if is_new and not (is_taken and is_passed_on):
            # What it answers stands behind all that it asks.
            self._fell_behind(link)
        if ask.quiet and not (is_new and is_taken):
            return []
        if not is_new:
            # What went by other links may have come sooner than along the tree.
            told = [] if self.is_answer(link, ask) else [Send(link, Told(ask.id))]
            prune = [PruneHint(link)] if ask.tree == wire_limits.ASK_HOPS else []
            # As an answer, it may come too late.
            heard = self._told(link, Told(ask.id), now) if ask.crossing else []
            return [*told, *prune, *heard]
        if not is_taken:
            return [Send(link, Told(ask.id, cut=True))]
        age = min(ask.age + self._round_trips.one_way(link), wire_limits.ASK_SECONDS)
        ask = attrs.evolve(ask, age=age, hops=ask.hops if is_passed_on else 0)
        is_missed = ask.after is not None and ask.after not in self._seen
        query = self._begin(ask, link, now)
        query.cut = not is_passed_on
        hints = [GraftHint(link)] if is_missed and not self._tree.is_eager(link) else []
        return [*hints, *query.onward, Consult(ask)]

    def _ask(self, ask: Ask, patience: float, now: float) -> list[Effect]:
        if ask.tree and not self._tree.is_shaped:
            # What goes along the tree all the way shapes it.
            ask = attrs.evolve(ask, tree=wire_limits.ASK_HOPS)
        query = self._begin(ask, None, now)
        effects = query.onward + self._end_if_complete(query, now)
        if query.waiting and patience < inf:
            query.be_hasty(patience * self._round_trips.usual(self.links))
            self._reset_alarm()
        return effects

    def _consulted(self, id_: MessageId, answer: LocalAnswer, now: float) -> list[Effect]:
        """Add what this peer itself answers, unless the query has ended meanwhile."""
        if (query := self._open.get(id_)) is None or not query.is_consulting:
            return []
        query.consulted(self.name, answer)
        self._add(query, None, answer, now)
        return self._end_if_complete(query, now)

    def _fell_behind(self, link: LinkId) -> None:
        """Wait for a neighbor only briefly from now on, and where its answer is due already."""
        if link in self.links and self._late.fell_behind(link):
            for query in self._open.values():
                query.hurry(self._late)
            self._reset_alarm()

    def _told(self, link: LinkId, told: Told, now: float) -> list[Effect]:
        """Add what a neighbor was told."""
        query = self._open.get(told.id)
        if query is None or link not in query.waiting:
            if not told.more:
                self._late.answered_late(link, told.id, now)
            return []
        name = self.links[link]
        before = len(query.hits)
        told = attrs.evolve(told, hits=by_way_of(name, told.hits))
        self._add(query, link, told, now)
        query.told_some(name, told)
        new = tuple(query.hits[before:]) if query.parent is None else ()
        part: list[Effect] = [AnswerPart(told.id, new)] if new else []
        if told.more:
            return part
        query.told_all(link, name, told)
        self._late.answered(link)
        return part + self._end_if_complete(query, now)

    def _neighbor_down(self, event: NeighborDown, now: float) -> list[Effect]:
        """Wait no longer for a neighbor, and drop the queries that it was the parent of."""
        link, name = event.link, self.links.pop(event.link)
        self._late.forget(link)
        self._parity.change(mark(self.name, name), event.since)
        effects: list[Effect] = []
        for query in list(self._open.values()):
            if query.parent == link:
                self._close(query)
            elif link in query.waiting:
                del query.waiting[link]
                if event.has_died:
                    query.silent[name] = None
                effects += self._end_if_complete(query, now)
        self._shares.neighbor_down(link)
        self._reset_alarm()
        return effects

    def _wake(self, now: float) -> list[Effect]:
        """End what has run out of time, and stream what has come so far."""
        effects: list[Effect] = []
        for query in list(self._open.values()):
            if now >= min(query.deadline, query.brief_until):
                self._give_up(query, now)
                effects += self._end_if_complete(query, now)
            elif now >= query.due:
                effects += self._go_on(query, now)
        self._reset_alarm()
        return effects

    def _give_up(self, query: PendingQuery, now: float) -> None:
        """Wait no longer for those that were late before, or, from the deadline on, for any."""
        is_over = now >= query.deadline
        for link in list(query.waiting) if is_over else query.take_late(self._late):
            if query.give_up(link, self.links[link]):
                self._late.missed(link, query.ask, query.deadline)
        if is_over:
            query.stop_waiting()

    def _reset_alarm(self) -> None:
        self.wake_at = min((query.due for query in self._open.values()), default=inf)

    def _begin(self, ask: Ask, parent: LinkId | None, now: float) -> PendingQuery:
        self._seen.add(ask.id)
        is_passed_on = ask.hops > 0 and ask.wait >= _SHORTEST_WAIT_SECONDS
        links = self._tree.links if ask.hops > ask.tree else self._tree.eager
        besides = {parent, *self._late.silent}
        others = [link for link in links if is_passed_on and link not in besides]
        # No peer says when a quiet one has come to its end, so it must not take long.
        wait = min(ask.wait, limits.QUIET_ASK_SECONDS) if ask.quiet else ask.wait
        query = PendingQuery(ask, parent, now + wait, dict.fromkeys(others), now)
        query.ends = self._parity.at(now - ask.age)
        for silent in self._late.silent:
            query.leave_out(name := self.links[silent], mark(self.name, name))
        self._late.forgive(now)
        query.hurry(self._late)
        self._open[ask.id] = query
        self._shares.opened(parent)
        # Only ever earlier: to look at all open queries each time would take long.
        self.wake_at = min(self.wake_at, query.due)
        return query

    def _close(self, query: PendingQuery) -> None:
        del self._open[query.ask.id]
        self._shares.closed(query.parent)

    def _add(
        self, query: PendingQuery, link: LinkId | None, part: Told | LocalAnswer, now: float
    ) -> None:
        """Add part of an answer, as far as its asker may be told."""
        if query.parent is None:
            query.add(link, part.peers, part.hits, limits.ASK_RECORDS)
        else:
            left = self._shares.records_left(query.parent, now)
            self._shares.told(query.parent, query.add(link, part.peers, part.hits, left))
        self.wake_at = min(self.wake_at, query.due)

    def _end_if_complete(self, query: PendingQuery, now: float) -> list[Effect]:
        return [] if query.is_waiting else self._go_on(query, now)

    def _go_on(self, query: PendingQuery, now: float) -> list[Effect]:
        """Pass on some of what has come, and the end if that was all."""
        if query.parent is None:
            self._close(query)
            return [query.answer()]
        # A little at a time: all at once would fill the link's queue, and cut the link.
        parent, lines = query.parent, query.take_lines(now)
        effects: list[Effect] = [Send(parent, line, sheddable=True) for line in lines]
        if query.is_waiting or (query.has_more and now < query.deadline):
            self.wake_at = min(self.wake_at, query.due)
            return effects
        self._close(query)
        last = query.last_lines()
        self._shares.told(parent, sum(len(line.receipts) for line in last))
        return [*effects, *(Send(parent, line) for line in last)]
