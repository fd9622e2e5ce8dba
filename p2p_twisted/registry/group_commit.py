"""Keep changes in groups: one transaction for all that came while the last one ran."""

from collections.abc import Callable, Sequence

import attrs
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from p2p_twisted.registry.roster import Change, Extend
from p2p_twisted.registry.store import IRegistryStore
from p2p_twisted.wire.names import PeerName


@attrs.define
class _Group:
    """
    Changes that are stored together, or not at all.

    :ivar undo: takes each of them back.
    :ivar names: whose they are.
    :ivar waiting: fire once they are stored.
    """

    changes: list[Change] = attrs.Factory(list)
    undo: list[Change] = attrs.Factory(list)
    names: set[PeerName] = attrs.Factory(set)
    waiting: list["Deferred[None]"] = attrs.Factory(list)


class GroupCommit:
    """
    Stores changes that hold already.

    What cannot be stored is undone, and so is all that was decided after it: it may rest on it.

    :param undo: is given what takes changes back, in that order.
    """

    def __init__(self, store: IRegistryStore, undo: Callable[[Sequence[Change]], object]) -> None:
        self._store = store
        self._undo = undo
        self._stored: _Group | None = None
        # Empty while nothing is being stored.
        self._next = _Group()

    async def keep(self, changes: Sequence[Change], undo: Sequence[Change]) -> None:
        """
        Store changes, until a crash cannot undo them any more; without any, those that came before.

        :param undo: takes each of them back.
        :raises StoreFault: once they are undone, as they cannot be stored.
        """
        if self._is_kept(changes):
            return
        kept: Deferred[None] = Deferred()
        self._next.changes.extend(changes)
        self._next.undo.extend(undo)
        self._next.names.update(change.name for change in changes)
        self._next.waiting.append(kept)
        if self._stored is None:
            self._store_next()
        await kept

    def _is_kept(self, changes: Sequence[Change]) -> bool:
        """Return whether the store need not know: no lease is kept, only what it is of."""
        if not all(isinstance(change, Extend) for change in changes):
            return False
        if self._stored is None:
            return True
        return bool(changes) and not any(
            change.name in group.names for group in (self._stored, self._next) for change in changes
        )

    def _store_next(self) -> None:
        group = self._stored = self._next
        self._next = _Group()
        storing = maybeDeferred(self._store.apply, group.changes)
        storing.addCallbacks(self._succeeded, self._failed, (group,))

    def _succeeded(self, _nothing: None, group: _Group) -> None:
        self._stored = None
        # First, so that the disk is at work while the others are answered.
        if self._next.waiting:
            self._store_next()
        for kept in group.waiting:
            kept.callback(None)

    def _failed(self, failure: Failure) -> None:
        assert self._stored is not None
        undone = self._stored, self._next
        self._stored, self._next = None, _Group()
        for group in reversed(undone):
            self._undo(group.undo[::-1])
        for group in undone:
            for kept in group.waiting:
                kept.errback(failure)
