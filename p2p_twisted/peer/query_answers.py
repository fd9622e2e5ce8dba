"""Answers of one peer to questions about what it shares and whom it is linked with."""

from collections.abc import Iterable, Sequence
from itertools import chain, islice

from attrs import define, field
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import Shared
from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.peer import limits
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Ask, Hit, PeerRecord
from p2p_twisted.wire.names import PeerName


@define(eq=False)
class QueryAnswers:
    """
    Answers questions as far as one peer can.

    :param catalogs: what it shares.
    :param partials: what is being downloaded: it is found by its id alone.
    :param clock: limits how much is searched for others.
    """

    _name: PeerName
    _catalogs: Sequence[Catalog]
    _partials: PartialRegister
    _network: NetworkSession
    _clock: IReactorTime
    _searched: TokenBucket = field(init=False)

    @_searched.default
    def _a_full_bucket(self) -> TokenBucket:
        return TokenBucket(limits.NAMES_SEARCHED_PER_SECOND, limits.NAMES_SEARCHED_BURST)

    def answer_stranger(self, ask: Ask) -> LocalAnswer:
        """Answer another peer's question; cut it where others have had much searched lately."""
        if ask.what in ("text", "ls") and self._is_meant(ask):
            if self._searched.left(self._clock.seconds()) <= 0:
                return LocalAnswer(cut=True)
            self._searched.spend(sum(catalog.root.files for catalog in self._catalogs))
        return self.answer_self(ask)

    def answer_self(self, ask: Ask) -> LocalAnswer:
        """Answer a question of this peer's own person, however much must be searched."""
        if not self._is_meant(ask):
            return LocalAnswer()
        if ask.what == "topo":
            names = tuple(neighbor.name for neighbor in self._network.neighbors)
            return LocalAnswer(peers=(PeerRecord(self._name, names),))
        hits = tuple(self._hit(shared) for shared in self._shared(ask))
        if ask.what == "id" and not hits:
            partial = self._partials.hit(ask.text, self._name)
            hits = (partial,) if partial is not None else ()
        return LocalAnswer(hits=tuple(hit.for_any_version() for hit in hits))

    def _is_meant(self, ask: Ask) -> bool:
        return ask.peer == self._name or (ask.peer is None and ask.what != "ls")

    def _shared(self, ask: Ask) -> Iterable[Shared]:
        found = chain.from_iterable(self._search(catalog, ask) for catalog in self._catalogs)
        # The same content under one name in both libraries is one hit.
        return islice(
            dict.fromkeys(found), wire_limits.HITS_PER_PEER if ask.what == "ls" else ask.most
        )

    def _search(self, catalog: Catalog, ask: Ask) -> tuple[Shared, ...]:
        match ask.what:
            case "name":
                return catalog.named(ask.text, wire_limits.HITS_SHOWN_PER_PEER)
            case "text":
                return catalog.matching(ask.text, ask.most)
            case "id":
                return catalog.with_id(ask.text, wire_limits.HITS_SHOWN_PER_PEER)
            case "ls":
                return catalog.all(wire_limits.HITS_PER_PEER)
            case _:
                return ()

    def _hit(self, shared: Shared) -> Hit:
        return Hit(
            peer=self._name,
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
