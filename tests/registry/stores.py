"""Stores that are slow, or fail."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred, fail
from typing_extensions import override

from p2p_twisted.registry.roster import Change
from p2p_twisted.registry.store import Conflict, MemoryStore, StoreFault
from p2p_twisted.wire.names import PeerName


class Slow(MemoryStore):
    """Keeps each change when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Deferred[None], Sequence[Change]]] = []
        self._is_slow = True

    @override
    def apply(self, changes: Sequence[Change]) -> "Deferred[None]":
        if not self._is_slow:
            return super().apply(changes)
        kept: Deferred[None] = Deferred()
        self.waiting.append((kept, changes))
        return kept

    def pause(self) -> None:
        """Keep changes only when told to, once more."""
        self._is_slow = True

    def go(self) -> None:
        """Keep what waits, and from now on be quick."""
        self._is_slow = False
        for kept, changes in self.waiting:
            if not kept.called:
                super().apply(changes).chainDeferred(kept)


class Faulty(MemoryStore):
    """Keeps nothing while it is broken."""

    is_broken = False

    @override
    def apply(self, changes: Sequence[Change]) -> "Deferred[None]":
        if self.is_broken:
            return fail(StoreFault("the disk is full"))
        return super().apply(changes)


class Contested(MemoryStore):
    """Has another peer under one name already, and keeps some changes at a time when told to."""

    def __init__(self, name: PeerName) -> None:
        super().__init__()
        self._name = name
        self._waiting: list[tuple[Deferred[None], Sequence[Change]]] = []

    @override
    def apply(self, changes: Sequence[Change]) -> "Deferred[None]":
        kept: Deferred[None] = Deferred()
        self._waiting.append((kept, changes))
        return kept

    def go_on(self) -> bool:
        """Keep what waits longest, or not; return whether anything has waited."""
        if not self._waiting:
            return False
        kept, changes = self._waiting.pop(0)
        if any(change.name == self._name for change in changes):
            kept.errback(Conflict(f"{self._name} is another's"))
        else:
            super().apply(changes).chainDeferred(kept)
        return True
