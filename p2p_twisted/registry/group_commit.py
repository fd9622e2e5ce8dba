"""Keep changes in groups: one transaction for all that came while the last one ran."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf

import attrs
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from p2p_twisted.registry.roster import Change, Extend
from p2p_twisted.registry.store import Conflict, IRegistryStore, StoreFault
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.wire.names import PeerName


class Undone(StoreFault):
    """What was decided is undone for the sake of what others decided: decide again."""


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
    Where one of a group is in conflict with the store, all are decided again, and stored in
    groups of half as many, until it is alone.

    :param undo: is given what takes changes back, in that order.
    """

    def __init__(
        self,
        clock: IReactorTime,
        store: IRegistryStore,
        undo: Callable[[Sequence[Change]], object],
    ) -> None:
        self._store = store
        self._undo = undo
        self._groups: deque[_Group] = deque()
        # Whether that is the first of them.
        self._is_storing = False
        # Until it is due, more are gathered.
        self._gathering = Alarm(clock, self._store_next)
        # How many requests a group may be of.
        self._most = inf

    def keep(self, changes: Sequence[Change], undo: Sequence[Change]) -> "Deferred[None]":
        """
        Store changes; without any, those that came before.

        :param undo: takes each of them back.
        :returns: fires once a crash cannot undo them any more. Fails with :class:`StoreFault` once
            they are undone, as they cannot be stored: with :class:`Undone`, where nothing is wrong
            with them.
        """
        if self._is_kept(changes):
            return succeed(None)
        kept: Deferred[None] = Deferred()
        if len(self._groups) <= self._is_storing or self._is_full(self._groups[-1], len(changes)):
            self._groups.append(_Group())
        group = self._groups[-1]
        group.changes.extend(changes)
        group.undo.extend(undo)
        group.names.update([change.name for change in changes])
        group.waiting.append(kept)
        self._store_next()
        return kept

    async def finish(self) -> None:
        """Return once nothing waits to be stored any more."""
        while self._groups:
            with suppress(StoreFault):
                await self.keep((), ())

    def concerns(self, name: PeerName) -> bool:
        """Return whether something about a peer is not stored yet."""
        return any(name in group.names for group in self._groups)

    def _is_full(self, group: _Group, more: int) -> bool:
        is_most = len(group.waiting) >= self._most
        return is_most or len(group.changes) + more > self._store.most_changes

    def _is_kept(self, changes: Sequence[Change]) -> bool:
        """Return whether the store need not know: no lease is kept, only what it is of."""
        if not all(isinstance(change, Extend) for change in changes):
            return False
        if not self._groups:
            return True
        return bool(changes) and not any(
            change.name in group.names for group in self._groups for change in changes
        )

    def _store_next(self) -> None:
        if self._is_storing or self._gathering.is_set or not self._groups:
            return
        self._is_storing = True
        if self._store.gather_seconds:
            self._gathering.set(self._store.gather_seconds)
        storing = maybeDeferred(self._store.apply, self._groups[0].changes)
        storing.addCallbacks(self._succeeded, self._failed)

    def _succeeded(self, _nothing: None) -> None:
        self._is_storing = False
        group = self._groups.popleft()
        self._most *= 2
        # First, so that the disk is at work while the others are answered.
        self._store_next()
        for kept in group.waiting:
            kept.callback(None)

    def _failed(self, failure: Failure) -> None:
        self._is_storing = False
        undone = list(self._groups)
        self._groups.clear()
        for group in reversed(undone):
            self._undo(group.undo[::-1])
        first, others = failure, failure
        if failure.check(Conflict):
            others = Failure(Undone("it rests on what was undone"))
            if len(undone[0].waiting) > 1:
                first, self._most = others, float(len(undone[0].waiting) // 2)
        for group in undone:
            for kept in group.waiting:
                kept.errback(first if group is undone[0] else others)
