"""Answer requests one at a time, and store what was decided before the answer is sent."""

from collections.abc import Callable, Sequence

import attrs
from twisted.internet.defer import gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.registry import limits, refusals
from p2p_twisted.registry.leases import renewed
from p2p_twisted.registry.liveness import Checker
from p2p_twisted.registry.roster import Change, Forget, Put, Random, Registration, Roster
from p2p_twisted.registry.rules import (
    Check,
    Decision,
    Policy,
    Question,
    RegistryRequest,
    decide,
)
from p2p_twisted.registry.store import IRegistryStore, StoreFault
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.lock import Lock
from p2p_twisted.wire.messages import Message, Renew, Welcome
from p2p_twisted.wire.names import PeerAddress


class Registry:
    """
    One network's registry, without its connections.

    Decisions wait for each other, so that no two of them give away the same name or
    port; peers are checked for being alive in between.

    :param reactor: whose clock times the leases.
    :param rng: makes tokens, so it must be unpredictable.
    :param date: reads the time of day, for people.
    :ivar policy: what the operator decided.
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
        self._lock = Lock()
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
        """Finish the current decision, and close the store."""
        async with self._lock:
            await self._store.close()

    async def answer(self, question: Question, host: str) -> Message:
        """
        Decide about a request, and store what was decided.

        :param host: the IP address that it comes from.
        """
        request = RegistryRequest(question, host, self._date())
        try:
            while isinstance(verdict := await self._decide(request), Check):
                await self._forget_dead(verdict.doubtful)
                request = attrs.evolve(request, is_checked=True)
        except StoreFault as fault:
            self.log.error("cannot keep a change: {fault}", fault=fault)
            return refusals.UNSAVED
        if isinstance(question, Renew) and question.dial and isinstance(verdict.answer, Welcome):
            dated = attrs.evolve(verdict.answer, date=self._date())
            return await self._with_reach(dated, host)
        return verdict.answer

    def members(self, after: str, most: int) -> list[Registration]:
        """List the first peers whose names come after one, by name."""
        return self._roster.after(after, most)

    def counts(self) -> tuple[int, int]:
        """Count the peers that listen, and those that have only reserved their places."""
        listening = self._roster.listening
        return listening, len(self._roster) - listening

    async def expire(self) -> None:
        """Forget peers whose leases have run out; logs what goes wrong, and raises nothing."""
        try:
            async with self._lock:
                await self._commit(
                    self._roster.expired(self._reactor.seconds()), "its lease ran out"
                )
        except StoreFault as fault:
            self.log.error("cannot forget anybody: {fault}", fault=fault)
        except Exception:
            self.log.failure("while looking for leases that have run out")

    async def _with_reach(self, welcome: Welcome, host: str) -> Welcome:
        """
        Say whether a peer can be dialed where it is registered.

        No other host than the one that asks is dialed, and each once at a time.
        """
        is_full = len(self._reached_for) >= limits.REACH_CHECKS_AT_ONCE
        if welcome.host != host or host in self._reached_for or is_full:
            return welcome
        self._reached_for.add(host)
        try:
            address = PeerAddress(welcome.name, welcome.host, welcome.port)
            reachable = await self._checker.is_alive(address)
        finally:
            self._reached_for.remove(host)
        return attrs.evolve(welcome, reachable=reachable)

    async def _load(self) -> None:
        async with self._lock:
            kept = await self._store.load()
            self._roster = Roster(renewed(kept, self._reactor.seconds()))
        self.log.info("{peers} peers are known from before", peers=len(kept))

    async def _decide(self, request: RegistryRequest) -> Decision | Check:
        async with self._lock:
            now = self._reactor.seconds()
            verdict = decide(self._roster, self.policy, request, now, self._rng)
            if isinstance(verdict, Decision):
                await self._commit(verdict.changes, "it left")
        return verdict

    async def _forget_dead(self, doubtful: Sequence[Registration]) -> None:
        lives = await gatherResults([self._checker.is_alive(held.address) for held in doubtful])
        dead = [held for held, is_alive in zip(doubtful, lives, strict=True) if not is_alive]
        async with self._lock:
            await self._commit(self._roster.unanswered(dead), "it does not answer")

    async def _commit(self, changes: Sequence[Change], why: str) -> None:
        await self._store.apply(changes)
        for change in changes:
            self._log_change(change, why)
        self._roster.apply(changes)

    def _log_change(self, change: Change, why: str) -> None:
        """Log that a peer joined or is forgotten; reservations, which anybody can get, are not."""
        match change:
            case Put(held) if held.is_listening:
                self.log.info("{peer} joined", peer=held.address)
            case Forget(name):
                known = self._roster.named(name)
                if known is not None and known.is_listening:
                    self.log.info("{peer} is forgotten: {why}", peer=name, why=why)
