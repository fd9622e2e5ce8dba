"""One query that is under way, and what has come for it."""

from collections import Counter
from collections.abc import Container, Iterable
from math import inf
from typing import Final

import attrs
from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.completeness import is_whole
from p2p_twisted.overlay.effects import Answer, Effect, LinkId, LocalAnswer, Send
from p2p_twisted.overlay.merged_receipts import MergedReceipts
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.codec import packed
from p2p_twisted.wire.messages import Ask, Hit, PeerRecord, Told
from p2p_twisted.wire.names import PeerName

_RECORDS_AT_ONCE: Final = 1_000
_RECORDS_KEPT: Final = 1_000
# Our own links may be short, but those behind them long. To wait a little longer only delays
# what is far; to ask more peers too early costs five to ten times as many lines.
_HASTE_SECONDS_PER_HOP: Final = 0.05
# Of the time that there is, so that a child gives up before its parent here, too.
_BRIEF_SHARE: Final = 0.25
_BRIEF_SECONDS: Final = 0.5
_STREAM_SECONDS: Final = 0.25
_STREAM_AGAIN_SECONDS: Final = 0.05
_LINES_AT_ONCE: Final = 8
_SILENT_MOST: Final = 256
# With that many names of the silent, too, the line is not too long.
_RECEIPTS_ON_LAST_LINE: Final = 8
_LESS_PER_HOP_SECONDS: Final = 0.2
_LEAST_PER_HOP_SECONDS: Final = 0.05
_HOPS_IN_TIME: Final = 16


@define
class PendingQuery:
    """
    A query; ``parent`` is absent for one of this peer's own.

    :ivar waiting: the neighbors that have not told yet.
    :ivar is_consulting: whether this peer's own answer has not come yet.
    :ivar brief_until: when it stops to wait for neighbors that were late before.
    :ivar stream_at: when to pass on next what has come.
    :ivar peers: what has come and is still to be passed on, as are ``hits``.
    :ivar records: how many have come and are passed on.
    :ivar is_hasty: whether neighbors that have not told by the deadline may just be slow.
    :ivar receipts: what has come of those, for one answer when all have told.
    """

    # Of what may come, each neighbor has a share: otherwise one that makes things up, and is
    # quick, would leave no room for what the others find.

    ask: Ask
    parent: LinkId | None
    deadline: float
    waiting: dict[LinkId, None]
    began: float
    stream_at: float = field(init=False)
    is_consulting: bool = field(init=False)
    brief_until: float = inf
    peers: list[PeerRecord] = field(factory=list)
    hits: list[Hit] = field(factory=list)
    silent: dict[PeerName, None] = field(factory=dict)
    records: int = 0
    answered: int = 0
    cut: bool = False
    ends: int = 0
    is_hasty: bool = False
    receipts: MergedReceipts = field(factory=MergedReceipts)
    _asked: tuple[LinkId, ...] = field(init=False)
    _share: int = field(init=False)
    _passed: "Counter[str]" = field(factory=Counter)
    _passed_from: "Counter[tuple[str, LinkId | None]]" = field(factory=Counter)
    _records_from: "Counter[LinkId | None]" = field(factory=Counter)

    def __attrs_post_init__(self) -> None:
        self.is_consulting = self.parent is not None
        self._asked = tuple(self.waiting)
        self.answered = 0 if self.parent is None else 1
        self.is_hasty = self.ask.quiet
        # Answers of very many peers are better passed on several at a time.
        is_of_few = self.ask.what in ("name", "id")
        self.stream_at = self.began if is_of_few else self.began + _STREAM_SECONDS
        self._share = max(1, self.ask.limit // (2 * max(1, len(self.waiting))))

    @property
    def is_waiting(self) -> bool:
        """Whether a neighbor, or this peer itself, has not answered yet."""
        return self.is_consulting or bool(self.waiting)

    @property
    def due(self) -> float:
        """When it ends, or when there is something to pass on to its parent."""
        has_news = self.parent is not None and self.has_more
        return min(self.deadline, self.brief_until, self.stream_at if has_news else inf)

    @property
    def has_more(self) -> bool:
        """Whether something has come that was not passed on."""
        return bool(self.peers or self.hits)

    @property
    def _brief_seconds(self) -> float:
        return min(_BRIEF_SECONDS, _BRIEF_SHARE * self.ask.wait)

    @property
    def onward(self) -> list[Effect]:
        """What asks others; they give up sooner, otherwise all they gather comes too late."""
        hops, wait = max(0, self.ask.hops - 1), self.ask.wait - _sooner(self.ask.wait)
        ask = attrs.evolve(self.ask, hops=hops, wait=wait, crossing=True)
        return [Send(link, ask) for link in self.waiting]

    def leave_out(self, name: PeerName, of_link: int) -> None:
        """Name a neighbor that has fallen silent, and do not expect it to tell of its link."""
        self.silent[name] = None
        self.ends ^= of_link

    def consulted(self, name: PeerName, answer: LocalAnswer) -> None:
        """Add what this peer, of that name, says besides the peers and hits that it has."""
        self.is_consulting = False
        self.cut = self.cut or answer.cut
        self.receipts.name(name, answer.receipts)
        self.receipts.count(name, answer.tally, 1)

    def told_some(self, name: PeerName, told: Told) -> None:
        """Add what a neighbor says besides its peers and hits."""
        self.cut = self.cut or told.cut
        self.receipts.name(name, told.receipts)

    def told_all(self, link: LinkId, name: PeerName, told: Told) -> None:
        """Add what a neighbor says of all that it has told; it is waited for no longer."""
        del self.waiting[link]
        is_counted = self.receipts.count(name, told.tally, told.answered)
        self.cut = self.cut or not is_counted
        self.answered = min(self.answered + told.answered, wire_limits.ANSWERED)
        self.silent.update(dict.fromkeys(told.silent))
        self.ends ^= told.ends

    def hurry(self, late: Container[LinkId]) -> None:
        """Wait for some neighbors only briefly, if it waits for any, and they keep others back."""
        others_tell = self.parent is not None or any(link not in late for link in self._asked)
        if others_tell and any(link in late for link in self.waiting):
            self.brief_until = self.began + self._brief_seconds

    def take_late(self, late: Container[LinkId]) -> list[LinkId]:
        """Return those that it has waited for briefly, which is over."""
        self.brief_until = inf
        return [link for link in self.waiting if link in late]

    def be_hasty(self, seconds_per_hop: float) -> None:
        """End soon: neighbors that have not told by then may just be slow."""
        seconds = max(seconds_per_hop, _HASTE_SECONDS_PER_HOP) * self.ask.hops
        self.is_hasty, self.deadline = True, self.began + min(seconds, self.ask.wait)

    def suffice(self, now: float) -> None:
        """End soon, as what has come will do: neighbors that have not told by then may be slow."""
        self.is_hasty, self.deadline = True, min(self.deadline, now + self._brief_seconds)

    def give_up(self, link: LinkId, name: PeerName) -> bool:
        """Wait no longer for a neighbor; return whether it was late, and not just slow."""
        del self.waiting[link]
        if self.is_hasty:
            self.cut = True
            return False
        self.silent[name] = None
        return True

    def stop_waiting(self) -> None:
        """Go on with what has come; without this peer's own answer that is not all."""
        self.cut = self.cut or self.is_consulting
        self.is_consulting = False
        self.waiting.clear()

    def add(
        self,
        link: LinkId | None,
        peers: tuple[PeerRecord, ...],
        hits: tuple[Hit, ...],
        room: int,
    ) -> int:
        """
        Add part of the answer, as far as there is room.

        :param link: of the neighbor that told it; absent for what this peer has itself.
        :returns: how many records were added; one with more links than a peer may have
            counts as several.
        """
        before = self.records
        room = max(0, min(room, self._room_for(link)))
        self.cut = self.cut or len(peers) + len(hits) > room
        self.peers += peers[:room]
        self.records += sum(map(_weight, peers[:room]))
        for hit in hits[: max(0, room - len(peers))]:
            content = hit.file or hit.name
            if self._is_within_share(link, content):
                self._passed[content] += 1
                self._passed_from[content, link] += 1
                self.hits.append(hit)
                self.records += 1
        self._records_from[link] += self.records - before
        return self.records - before

    def take_lines(self, now: float) -> list[Told]:
        """Remove some of what has come, no more than a link's queue has room for, until later."""
        id_ = self.ask.id
        peers, hits = self.peers[:_RECORDS_AT_ONCE], self.hits[:_RECORDS_AT_ONCE]
        lines = [
            *packed(peers, lambda some: Told(id_, peers=some, more=True)),
            *packed(hits, lambda some: Told(id_, hits=some, more=True)),
        ][:_LINES_AT_ONCE]
        for line in lines:
            del self.peers[: len(line.peers)]
            del self.hits[: len(line.hits)]
        self.stream_at = now + (_STREAM_AGAIN_SECONDS if self.has_more else _STREAM_SECONDS)
        return lines

    def last_lines(self) -> list[Told]:
        """Return what tells the parent of receipts, and that this was all, if it wants to know."""
        if self.ask.quiet:
            return []
        receipts = self.receipts.chosen()
        first, last = receipts[_RECEIPTS_ON_LAST_LINE:], receipts[:_RECEIPTS_ON_LAST_LINE]
        told = Told(
            self.ask.id,
            answered=self.answered,
            silent=tuple(self.silent)[:_SILENT_MOST],
            cut=self.cut or self.has_more,
            ends=self.ends,
            tally=self.receipts.tally,
            receipts=last,
        )
        return [*packed(first, lambda some: Told(told.id, receipts=some, more=True)), told]

    def answer(self) -> Answer:
        """Return what answers this peer's own query."""
        silent = tuple(self.silent)
        hides_nobody = not self.cut and is_whole(self.ends, self.answered)
        return Answer(
            self.ask.id,
            peers=tuple(self.peers),
            hits=tuple(self.hits),
            answered=self.answered,
            silent=silent,
            cut=self.cut,
            is_whole=hides_nobody and not silent,
            tally=self.receipts.tally,
            receipts=self.receipts.chosen(),
            hides_nobody=hides_nobody,
        )

    def _room_for(self, link: LinkId | None) -> int:
        """Return how many more records a neighbor may tell; those still to tell keep a share."""
        others: list[LinkId | None] = [other for other in self.waiting if other != link]
        others += [None] if self.is_consulting else []
        kept = sum(max(0, _RECORDS_KEPT - self._records_from[other]) for other in others)
        own_share = _RECORDS_KEPT - self._records_from[link]
        return max(own_share, limits.ASK_RECORDS - self.records - kept)

    def _is_within_share(self, link: LinkId | None, content: str) -> bool:
        """Return whether a neighbor may name one more holder of some content."""
        its = self._passed_from[content, link]
        if self.parent is None:
            # Whom to ask first is decided later, and by the ways to them.
            return its < self.ask.limit
        kept = sum(
            max(0, self._share - self._passed_from[content, other])
            for other in self.waiting
            if other != link
        )
        return its < self._share or self._passed[content] + kept < self.ask.limit


def by_way_of(name: PeerName, hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """Add a neighbor that told of some hits to the ways to them, where these are not too long."""
    return tuple(
        attrs.evolve(hit, route=(name, *hit.route))
        for hit in hits
        if len(hit.route) < wire_limits.ROUTE_HOPS
    )


def _weight(record: PeerRecord) -> int:
    return max(1, -(-len(record.links) // wire_limits.LINKS_MOST))


def _sooner(wait: float) -> float:
    """
    Return how much earlier than its parent a child gives up, in seconds.

    A tree may be thirty hops deep, and the last of them must have some time left, too.
    """
    share = max(wait / _HOPS_IN_TIME, _LEAST_PER_HOP_SECONDS)
    return min(share, _LESS_PER_HOP_SECONDS, wait / 2)
