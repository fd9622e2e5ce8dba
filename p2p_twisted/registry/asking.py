"""Ask one registry after the other, until one has answered."""

from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from math import inf
from typing import Any, Final, Generic, TypeVar

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from p2p_twisted.registry import limits
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.registry.registry_places import Location, RegistryPlaces
from p2p_twisted.runtime.alarm import Alarm

_SILENT_SECONDS: Final = 1.0
"""Many times as long as an answer takes: another one is asked only where something is wrong."""

_NEXT_SILENT_SECONDS: Final = 0.5
"""So a newcomer is in within 5 s though two are lost, and etcd chooses a leader just then."""

A = TypeVar("A")


@attrs.frozen
class Deadlines:
    """For how many seconds a registry is waited for: for its greeting, and for its answer."""

    greets: float
    answers: float


_PATIENT: Final = Deadlines(inf, limits.REQUEST_SECONDS)
_HURRIED: Final = Deadlines(1.0, 4.0)
"""Where another one may be asked."""


class Asking(Generic[A]):
    """
    Asks the next registry where one cannot be reached, or cannot help now.

    :param ask: asks one; raises :class:`RegistryRefused` or :class:`RegistryUnreachable`.
    :param overlaps: whether to ask the next one also while one is silent, which does no harm where
        both may answer: the first answer counts.
    """

    def __init__(
        self,
        clock: IReactorTime,
        places: RegistryPlaces,
        ask: Callable[[Location, Deadlines], Coroutine[Any, Any, A]],
        *,
        overlaps: bool,
    ) -> None:
        self._clock = clock
        self._places = places
        self._ask = ask
        self._overlaps = overlaps
        self._left: deque[Location] = deque()
        self._asked: list[Deferred[A]] = []
        self._unanswered = 0
        self._faults: list[RegistryRefused | RegistryUnreachable] = []
        self._outcome: Deferred[A] = Deferred(lambda _given_up: self._end())
        self._silence = Alarm(clock, self._silent)
        # Who was asked last, and when.
        self._latest: Location
        self._asked_at = 0.0

    def answer(self, in_turn: Sequence[Location]) -> "Deferred[A]":
        """
        Fire with the first answer.

        :returns: fails with :class:`RegistryRefused` when one refuses, or none can help now, and
            with :class:`RegistryUnreachable` when none answers.
        """
        self._left.extend(in_turn)
        self._ask_next()
        return self._outcome

    def _ask_next(self) -> None:
        self._silence.stop()
        place = self._left.popleft()
        # One that is only slow is better than none.
        is_last = not (
            self._left or any(isinstance(each, RegistryRefused) for each in self._faults)
        )
        self._unanswered += 1
        self._latest, self._asked_at = place, self._clock.seconds()
        asked = Deferred.fromCoroutine(self._ask(place, _PATIENT if is_last else _HURRIED))
        self._asked.append(asked)
        asked.addCallbacks(
            self._answered, self._failed, callbackArgs=(place,), errbackArgs=(place,)
        )
        if self._overlaps and self._left and not asked.called:
            is_first = len(self._asked) == 1
            self._silence.set(_SILENT_SECONDS if is_first else _NEXT_SILENT_SECONDS)

    def _answered(self, answer: A, place: Location) -> None:
        self._places.answered(place)
        self._outcome.callback(answer)
        self._end()

    def _failed(self, failure: Failure, place: Location) -> None:
        if self._outcome.called:
            # Given up, as another one has answered.
            return
        self._unanswered -= 1
        match failure.value:
            case RegistryUnreachable() as fault:
                self._faults.append(fault)
            case RegistryRefused(code="later") as fault:
                # What answers knows best.
                self._faults.insert(0, fault)
            case fault:
                if isinstance(fault, RegistryRefused):
                    self._places.answered(place)
                self._fail(failure)
                return
        self._places.failed(place, self._clock.seconds(), isinstance(fault, RegistryRefused))
        if self._left:
            self._ask_next()
        elif not self._unanswered:
            self._fail(self._faults[0])
        elif isinstance(self._faults[0], RegistryRefused):
            # Better ask that one again than wait for one that is lost.
            waited = self._clock.seconds() - self._asked_at
            self._silence.set(max(0.0, _NEXT_SILENT_SECONDS - waited))

    def _silent(self) -> None:
        self._places.failed(self._latest, self._clock.seconds())
        if self._left:
            self._ask_next()
        else:
            self._fail(self._faults[0])

    def _fail(self, fault: Failure | BaseException) -> None:
        self._outcome.errback(fault)
        self._end()

    def _end(self) -> None:
        self._silence.stop()
        for asked in self._asked:
            asked.cancel()
