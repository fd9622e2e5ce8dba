"""Stores that are slow, or fail."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred, fail
from typing_extensions import override

from p2p_twisted.registry.roster import Change
from p2p_twisted.registry.store import MemoryStore, StoreFault


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
