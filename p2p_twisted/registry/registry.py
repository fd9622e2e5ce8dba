"""The registry at work: one request at a time, each kept before it is answered."""

from collections.abc import Callable, Sequence

import attrs
from twisted.internet.defer import DeferredLock, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.registry import refusals
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
from p2p_twisted.wire.messages import Message


class Registry:
    """
    One network's registry, without its connections.

    Decisions wait for each other, so no two of them can give away the same name
    or port; dialing peers to see whether they live happens in between.

    :param reactor: whose clock times the leases.
    :param rng: makes tokens, so it must be one that nobody can predict.
    :param date: tells the time of day, for people.
    :ivar policy: what the operator decided.
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        store: IRegistryStore,
        checker: Checker,
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
        self._turn = DeferredLock()

    def start(self) -> None:
        """
        Take up what the store has kept; requests wait until it has been read.

        :raises StoreFault: when it cannot be used.
        """
        self._store.open()
        background(self.log, "reading the store", self._load())

    async def stop(self) -> None:
        """Finish what was begun, and close the store."""
        async with self._turn:
            await self._store.close()

    async def answer(self, question: Question, host: str) -> Message:
        """
        Decide about a message, and keep what was decided.

        :param host: where it comes from.
        """
        request = RegistryRequest(question, host, self._date())
        try:
            while isinstance(verdict := await self._decide(request), Check):
                await self._forget_dead(verdict.doubtful)
                request = attrs.evolve(request, is_checked=True)
        except StoreFault as fault:
            self.log.error("cannot keep a change: {fault}", fault=fault)
            return refusals.UNSAVED
        return verdict.answer

    async def expire(self) -> None:
        """Forget whose lease has run out; whatever goes wrong, it can be called again."""
        try:
            async with self._turn:
                await self._keep(self._roster.expired(self._reactor.seconds()), "its lease ran out")
        except StoreFault as fault:
            self.log.error("cannot forget anybody: {fault}", fault=fault)
        except Exception:
            self.log.failure("while looking for leases that have run out")

    async def _load(self) -> None:
        async with self._turn:
            kept = await self._store.load()
            self._roster = Roster(renewed(kept, self._reactor.seconds()))
        self.log.info("{peers} peers are known from before", peers=len(kept))

    async def _decide(self, request: RegistryRequest) -> Decision | Check:
        async with self._turn:
            now = self._reactor.seconds()
            verdict = decide(self._roster, self.policy, request, now, self._rng)
            if isinstance(verdict, Decision):
                await self._keep(verdict.changes, "it left")
        return verdict

    async def _forget_dead(self, doubtful: Sequence[Registration]) -> None:
        lives = await gatherResults([self._checker.is_alive(held.address) for held in doubtful])
        dead = [held for held, is_alive in zip(doubtful, lives, strict=True) if not is_alive]
        async with self._turn:
            await self._keep(self._roster.unanswered(dead), "it does not answer")

    async def _keep(self, changes: Sequence[Change], why: str) -> None:
        await self._store.apply(changes)
        for change in changes:
            self._note(change, why)
        self._roster.apply(changes)

    def _note(self, change: Change, why: str) -> None:
        """Log who comes and goes; a mere reservation, which is for the asking, is neither."""
        match change:
            case Put(held) if held.is_listening:
                self.log.info("{peer} joined", peer=held.address)
            case Forget(name):
                known = self._roster.named(name)
                if known is not None and known.is_listening:
                    self.log.info("{peer} is forgotten: {why}", peer=name, why=why)
