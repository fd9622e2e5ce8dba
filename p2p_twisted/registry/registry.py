"""Decide about requests at once, and answer when what was decided is stored."""

from collections.abc import Callable, Iterator, Sequence

import attrs
from twisted.internet.defer import gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.registry import limits, refusals
from p2p_twisted.registry.group_commit import GroupCommit, Undone
from p2p_twisted.registry.heard_change import heard_change
from p2p_twisted.registry.leases import Standstill, lease_seconds, renewed
from p2p_twisted.registry.liveness import Checker
from p2p_twisted.registry.referral_pool import Random
from p2p_twisted.registry.roster import Change, Extend, Forget, Put, Registration, Roster, is_told
from p2p_twisted.registry.rules import (
    Check,
    Decision,
    Dialed,
    Policy,
    Question,
    RegistryRequest,
    decide,
)
from p2p_twisted.registry.store import Conflict, IRegistryStore, StoreFault
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.lock import Lock
from p2p_twisted.runtime.watches import Watches
from p2p_twisted.wire.messages import Error, Message, Renew, Welcome
from p2p_twisted.wire.names import PeerName


@attrs.frozen
class RosterChanged:
    """
    Something that holds now in the roster.

    :ivar why: a peer is forgotten.
    """

    change: Change
    why: str


class Registry:
    """
    One network's registry, without its connections.

    What is decided holds at once, so that nothing else gives away the same name or port;
    the answer waits until it is stored, together with what others have asked for meanwhile.

    :param reactor: whose clock times the leases.
    :param rng: makes tokens, so it must be unpredictable.
    :param date: reads the time of day, for people.
    :ivar policy: what the operator decided.
    :ivar changes: tells those who watch of each change, as soon as it holds.
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        store: IRegistryStore,
        checker: Checker,
        *,
        policy: Policy,
        rng: Random,
        date: Callable[[], float],
    ) -> None:
        self._reactor = reactor
        self._store = store
        self._checker = checker
        self.policy = policy
        self._rng = rng
        self._date = date
        self._roster = Roster()
        self._standstill = Standstill()
        self._commits = GroupCommit(
            reactor, store, lambda changes: self._apply(changes, "it was not kept")
        )
        self.changes = Watches[RosterChanged]()
        # Held while the store is read.
        self._loading = Lock()
        # Whether that has failed, and is to be tried again.
        self._is_unread = False
        # The hosts that are dialed to see whether they can be reached.
        self._reached_for: set[str] = set()

    def start(self) -> None:
        """
        Open the store and load what it has kept; requests wait until that is done.

        :raises StoreFault: when it cannot be used.
        """
        self._store.open()
        background(self.log, "reading the store", self._load())

    async def stop(self) -> None:
        """Keep what was decided, and close the store."""
        async with self._loading:
            await self._commits.finish()
            await self._store.close()

    async def answer(self, question: Question, host: str) -> Message:
        """
        Decide about a request, and store what was decided.

        :param host: the IP address that it comes from.
        """
        if self._loading.is_taken:
            async with self._loading:
                pass
        if (fault := self._store.fault) is not None:
            return refusals.no_store(fault)
        request = RegistryRequest(question, host, self._date())
        try:
            verdict = await self._settle(request)
        except StoreFault as fault:
            self.log.error("cannot keep a change: {fault}", fault=fault)
            if isinstance(fault, Conflict):
                return refusals.CONTESTED
            return refusals.no_store(str(fault)) if self._store.is_shared else refusals.UNSAVED
        if isinstance(question, Renew) and question.dial and isinstance(verdict.answer, Welcome):
            return await self._with_reach(request, verdict.answer)
        return verdict.answer

    def members(self, after: str, most: int) -> list[Registration]:
        """List the first peers whose names come after one, by name."""
        return self._roster.after(after, most)

    def counts(self) -> tuple[int, int]:
        """Count the peers that listen, and those that have only reserved their places."""
        listening = self._roster.listening
        return listening, len(self._roster) - listening

    def forget(self, name: PeerName) -> None:
        """Free the place of a peer that does not belong to the network any more."""
        if self._roster.named(name) is not None:
            background(self.log, "forgetting", self._forget([Forget(name)], "it was revoked"))

    async def expire(self) -> None:
        """Forget peers whose leases have run out; logs what goes wrong, and raises nothing."""
        try:
            if self._is_unread and not self._loading.is_taken:
                await self._load()
            if self._standstill.is_over(self._reactor.seconds()):
                self._renew_all()
            while self._store.is_first and (expired := self._expired()):
                if not await self._forget(expired, "its lease ran out"):
                    break
        except Exception:
            self.log.failure("while looking for leases that have run out")

    def _renew_all(self) -> None:
        """Give every lease its full time: nobody could renew."""
        everybody = self._roster.after("", len(self._roster))
        self._apply([Extend(each.name, each.expires) for each in self._renewed(everybody)])

    def _renewed(self, kept: Sequence[Registration]) -> Iterator[Registration]:
        return renewed(kept, self._reactor.seconds(), self.policy.renewals_per_second)

    async def _forget(self, gone: Sequence[Change], why: str) -> bool:
        try:
            await self._commit(gone, why)
        except (Conflict, Undone):
            # Another registry has changed one of them: look again in a second.
            return False
        except StoreFault as fault:
            self.log.error("cannot forget anybody: {fault}", fault=fault)
            return False
        return True

    def _expired(self) -> Sequence[Change]:
        """List some whose leases have run out, though others may have told of renewals by now."""
        before = self._reactor.seconds() - self._store.lag_seconds
        return self._roster.expired(before)[: self._store.most_changes]

    def _hear(self, change: Change) -> bool:
        """Apply what another registry has stored; return whether that can be done now."""
        now, pace = self._reactor.seconds(), self.policy.renewals_per_second
        lease = lease_seconds(len(self._roster), pace)
        changes = heard_change(self._roster, change, self._commits.concerns, now, lease)
        if changes is not None:
            self._apply(changes, "another registry has forgotten it")
        return changes is not None

    async def _with_reach(self, request: RegistryRequest, welcome: Welcome) -> Welcome:
        """
        Say, and keep, whether a peer can be dialed where it is registered.

        No other host than the one that asks is dialed, and each once at a time.
        """
        host, welcome = request.host, attrs.evolve(welcome, date=request.date)
        is_full = len(self._reached_for) >= limits.REACH_CHECKS_AT_ONCE
        if welcome.host != host or host in self._reached_for or is_full:
            return welcome
        self._reached_for.add(host)
        try:
            reachable = await self._checker.is_alive(welcome.address)
        finally:
            self._reached_for.remove(host)
        try:
            await self._settle(attrs.evolve(request, message=Dialed(welcome.address, reachable)))
        except StoreFault as fault:
            # It renewed all the same, and is dialed again when it does so next.
            self.log.error("cannot keep whether a peer is reached: {fault}", fault=fault)
        return attrs.evolve(welcome, reachable=reachable)

    async def _load(self) -> None:
        async with self._loading:
            try:
                kept = await self._store.load()
            except StoreFault as fault:
                if not self._store.is_shared:
                    raise
                self.log.error("cannot read the store, and trying again: {fault}", fault=fault)
                self._is_unread = True
                return
            self._is_unread = False
            self._apply([Put(each) for each in self._renewed(kept)])
            self._store.follow(self._hear)
        self.log.info("{peers} peers are known from before", peers=len(kept))

    async def _settle(self, request: RegistryRequest) -> Decision:
        """
        Decide, and store what was decided; once more where that was undone with what others did.

        Nobody is refused for what other registries may have changed in the meantime.

        :raises StoreFault: when it cannot be stored.
        """
        is_current, races = not self._store.is_shared, 0
        while True:
            try:
                while isinstance(verdict := self._decide(request), Check):
                    await self._forget_dead(verdict.doubtful)
                    request = attrs.evolve(request, is_checked=True)
                is_refusal = isinstance(verdict.answer, Error)
                # Nothing that is not stored yet is confirmed either; a refusal gives nothing away.
                if verdict.changes or not is_refusal:
                    await self._commit(verdict.changes, "it left")
                if is_current or not is_refusal:
                    return verdict
                is_current = True
            except Undone:
                pass
            except Conflict:
                races += 1
                if not self._store.is_shared or races > limits.RACES_LOST:
                    raise
            await self._store.catch_up()

    def _decide(self, request: RegistryRequest) -> Decision | Check:
        """Decide; what it changes has to be made before anything else is decided."""
        now = self._reactor.seconds()
        return decide(self._roster, self.policy, request, now, self._rng)

    async def _forget_dead(self, doubtful: Sequence[Registration]) -> None:
        lives = await gatherResults([self._checker.is_alive(held.address) for held in doubtful])
        answers = zip(doubtful, lives, strict=True)
        # Of one that no dial has ever reached, only the lease tells whether it is alive.
        silent = [held for held, is_alive in answers if not is_alive]
        dead = [held for held in silent if not held.is_closed]
        await self._commit(self._roster.unanswered(dead), "it does not answer")

    async def _commit(self, changes: Sequence[Change], why: str) -> None:
        """Make changes at once, and wait until they are stored."""
        undo = self._apply(changes, why)
        await self._commits.keep(changes, undo)
        for change, before in zip(changes, undo, strict=True):
            if isinstance(change, Extend):
                self._store.renewed(change.name)
            else:
                self._log_change(change, before, why)

    def _apply(self, changes: Sequence[Change], why: str = "") -> list[Change]:
        """Make changes at once; return what takes each of them back."""
        undo = self._roster.apply(changes)
        if self.changes:
            for change, before in zip(changes, undo, strict=True):
                if is_told(change, before):
                    self.changes.tell(RosterChanged(change, why))
        return undo

    def _log_change(self, change: Change, undo: Change, why: str) -> None:
        """Log that a peer joined or is forgotten; reservations, which anybody can get, are not."""
        match change, undo:
            case Put(), Put(known) if known.is_listening:
                # It was in already.
                pass
            case Put(held), _ if held.is_listening:
                self.log.info("{peer} joined", peer=held.address)
            case Forget(name), Put(known) if known.is_listening:
                self.log.info("{peer} is forgotten: {why}", peer=name, why=why)
