"""Answers of one peer to questions about what it shares and whom it is linked with."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import inf
from typing import Final

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, succeed

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import Shared
from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.peer import limits
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.paced_work import Pacer
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Ask, Hit, PeerRecord
from p2p_twisted.wire.names import SHORT_ID_DIGITS, FileId, MessageId, PeerName

RELAY_MARK: Final = hashlib.sha256(b"p2p_twisted relay").hexdigest()
"""What those ask all peers for that neither reach somebody nor are reached by it."""
RELAY: Final = "relay"
"""The kind of broadcast by which a peer says that it is there now, and relays for all."""


def group_mark(group: str) -> FileId:
    """Return what members of a group ask all peers for, to find those that share with it."""
    return hashlib.sha256(f"p2p_twisted group {group}".encode()).hexdigest()


def _unknown(_offer: MessageId) -> LocalAnswer:
    """Know no offer."""
    return LocalAnswer()


async def _no_seed(_file: FileId, _me: PeerName) -> None:
    """Have nothing that was pushed."""


@define(eq=False)
class QueryAnswers:
    """
    Answers questions as far as one peer can.

    :param catalogs: what it shares with everybody.
    :param partials: what is being downloaded: it is found by its id alone.
    :param pacer: takes the steps of lookups.
    :param groups: what it shares with groups alone.
    :param relays_for_all: whether all may have it relay, and not its neighbors alone.
    :param of_offer: returns how far this peer is with an offer.
    :param seeds: returns what it has of what was pushed to it: found by its id alone, too.
    """

    _name: PeerName
    _catalogs: Sequence[Catalog]
    _partials: PartialRegister
    _network: NetworkSession
    _pacer: Pacer
    _groups: Mapping[str, Catalog] = field(factory=dict, kw_only=True)
    _relays_for_all: bool = field(default=False, kw_only=True)
    _of_offer: Callable[[MessageId], LocalAnswer] = field(default=_unknown, kw_only=True)
    _seeds: Callable[[FileId, PeerName], Awaitable[Hit | None]] = field(
        default=_no_seed, kw_only=True
    )

    def answer_stranger(self, ask: Ask) -> "Deferred[LocalAnswer]":
        """Answer another peer's question; cut what takes longer than a second to look up."""
        if ask.what == "id" and self._is_marked(ask.text):
            return succeed(LocalAnswer(hits=(self._door(ask.text),)))
        if ask.offer is not None:
            return succeed(self._of_offer(ask.offer) if self._is_meant(ask) else LocalAnswer())
        return Deferred.fromCoroutine(self._answer(ask, self._catalogs, limits.LOOKUP_SECONDS))

    def answer_member(self, ask: Ask, groups: Collection[str]) -> "Deferred[LocalAnswer]":
        """Answer who is in some groups, and asks this peer itself, about what these alone share."""
        catalogs = [catalog for group, catalog in self._groups.items() if group in groups]
        if not catalogs or ask.what == "topo":
            return succeed(LocalAnswer())
        return Deferred.fromCoroutine(self._answer(ask, catalogs, limits.LOOKUP_SECONDS))

    def answer_own(self, ask: Ask) -> "Deferred[LocalAnswer]":
        """Answer a question of this peer's own person, however much must be searched."""
        catalogs = [*self._catalogs, *self._groups.values()]
        answering = Deferred.fromCoroutine(self._answer(ask, catalogs, inf))
        # Others may be of earlier versions.
        return answering.addCallback(_as_meant)

    def stop(self) -> None:
        """Look up no more."""
        self._pacer.stop()

    async def _answer(
        self, ask: Ask, catalogs: Sequence[Catalog], most_seconds: float
    ) -> LocalAnswer:
        if not self._is_meant(ask):
            return LocalAnswer()
        if ask.what == "topo":
            return LocalAnswer(peers=tuple(self._records()))
        # The same content under one name in both libraries is one hit.
        found: dict[Shared, Hit] = {}
        work = await self._pacer.run(self._look_up(ask, catalogs, found), most_seconds)
        hits = tuple(found.values())
        if ask.what == "id" and not hits and catalogs is self._catalogs:
            by_id = await self._seeds(ask.text, self._name)
            by_id = by_id or self._partials.hit(ask.text, self._name)
            hits = () if by_id is None else (by_id.for_any_version(),)
        if self._network.is_closed:
            hits = tuple(evolve(hit, closed=True) for hit in hits)
        return LocalAnswer(hits=hits, cut=work.is_cut, seconds=work.seconds)

    def _records(self) -> Iterator[PeerRecord]:
        """Name the neighbors; of very many in several records."""
        names = tuple(neighbor.name for neighbor in self._network.neighbors)
        most = wire_limits.LINKS_IN_RECORD
        for first in range(0, max(1, len(names)), most):
            yield PeerRecord(self._name, names[first : first + most])

    def _is_meant(self, ask: Ask) -> bool:
        return ask.peer == self._name or (ask.peer is None and ask.what != "ls")

    def _is_marked(self, mark: str) -> bool:
        """Return whether whoever asks for a mark is to dial this peer."""
        if mark == RELAY_MARK:
            return self._relays_for_all and not self._network.is_closed
        return any(mark == group_mark(group) for group in self._groups)

    def _door(self, mark: FileId) -> Hit:
        """Tell a group's members, or those that seek a relay, where to ask."""
        return Hit(self._name, mark, 0, file=mark, at=self._network.driver.me)

    def _look_up(
        self, ask: Ask, catalogs: Sequence[Catalog], found: dict[Shared, Hit]
    ) -> Iterator[None]:
        """Find what is asked for, in short steps."""
        most = wire_limits.HITS_PER_PEER if ask.what == "ls" else ask.most
        for shared in chain.from_iterable(self._search(catalog, ask) for catalog in catalogs):
            if shared is not None and shared not in found:
                found[shared] = hit_of(shared, self._name).for_any_version()
                if len(found) >= most:
                    return
            yield

    def _search(self, catalog: Catalog, ask: Ask) -> Iterable[Shared | None]:
        match ask.what:
            case "name":
                return catalog.named(ask.text, wire_limits.HITS_SHOWN_PER_PEER)
            case "text":
                return catalog.browse(ask.text)
            case "id":
                if len(ask.text) == SHORT_ID_DIGITS:
                    return catalog.beginning(ask.text)
                return catalog.with_id(ask.text, wire_limits.HITS_SHOWN_PER_PEER)
            case "ls":
                return catalog.browse()
            case _:
                return ()


def _as_meant(answer: LocalAnswer) -> LocalAnswer:
    return evolve(answer, hits=tuple(hit.as_meant() for hit in answer.hits))


def hit_of(shared: Shared, holder: PeerName) -> Hit:
    """Describe what a peer shares, as it answers questions."""
    return Hit(
        peer=holder,
        name=shared.name,
        size=shared.size,
        kind=shared.kind,
        file=shared.file_id,
        hashed=shared.hashed,
        modified=shared.attributes.modified,
        executable=shared.attributes.is_executable,
        attributes=shared.attributes_id,
        growing=shared.is_growing,
        unshared=min(shared.left_out, wire_limits.ENTRIES_UNSHARED),
    )
