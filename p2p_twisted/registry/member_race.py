"""Ask one member of etcd after the other, also while some are silent: the first answer counts."""

from collections.abc import Callable, Coroutine
from typing import Any, Final, NoReturn

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from p2p_twisted.registry.etcd_gateway import PassingFault
from p2p_twisted.registry.etcd_keys import Json
from p2p_twisted.runtime.alarm import Alarm

_NEXT_SECONDS: Final = 0.4
"""Longer than a healthy member takes: another one is asked, too."""

_SAME_SECONDS: Final = 1.2
"""Until the same member is asked once more: the connection to it may be lost."""

_AGAIN_SECONDS: Final = 0.1
"""Before members are asked again that all have said that they cannot: they choose a leader."""


class MemberRace:
    """
    Asks members one question, until one answers it or refuses.

    One that is silent is waited for all the same: it may be slow, or do what it was asked as soon
    as there is a leader.

    :param ask: asks a member, by its number; raises :class:`PassingFault` where another one is to
        be asked.
    :param members: how many there are.
    :param first: which of them to ask first.
    :ivar asked: those that were asked, in turn; the one that has answered is the last of them.
    """

    def __init__(
        self,
        clock: IReactorTime,
        ask: Callable[[int], Coroutine[Any, Any, Json]],
        members: int,
        first: int,
    ) -> None:
        self._clock = clock
        self._ask = ask
        self._members = members
        self._next = first
        self.asked: list[int] = []
        self._asking: list[Deferred[Json]] = []
        self._fault: PassingFault | None = None
        self._answer: Deferred[Json] = Deferred()
        self._silence = Alarm(clock, self._ask_next)

    async def answer(self, seconds: float, silent: str) -> Json:
        """
        Return the first answer.

        :param seconds: how long to wait for one.
        :param silent: what is wrong where none says anything.
        :raises EtcdFault: when a member refuses, or none answers in time.
        """

        def give_up(_outcome: object, _seconds: float) -> NoReturn:
            raise self._fault or PassingFault(silent)

        self._ask_next()
        try:
            return await self._answer.addTimeout(seconds, self._clock, give_up)
        finally:
            self._silence.stop()
            for asking in self._asking:
                asking.cancel()

    def _ask_next(self) -> None:
        member = self._next % self._members
        self._next += 1
        self.asked.append(member)
        self._silence.set(max(_NEXT_SECONDS, _SAME_SECONDS / self._members))
        asking = Deferred.fromCoroutine(self._ask(member))
        self._asking.append(asking)
        asking.addBoth(self._heard, member, asking)

    def _heard(self, outcome: Json | Failure, member: int, asking: "Deferred[Json]") -> None:
        if self._answer.called:
            return
        if not (isinstance(outcome, Failure) and isinstance(outcome.value, PassingFault)):
            self.asked.append(member)
            self._answer.callback(outcome)
            return
        self._fault = outcome.value
        if asking is self._asking[-1]:
            is_round = len(self._asking) % self._members == 0
            self._silence.set(_AGAIN_SECONDS if is_round else 0.0)
