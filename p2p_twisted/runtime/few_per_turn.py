"""Let the reactor do something else between hundreds of things that are to begin at once."""

from typing import Final

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.runtime.lock import Semaphore

_AT_ONCE: Final = 8


@define(eq=False)
class FewPerTurn:
    """Lets a few at a time go on in one turn of the reactor, in the order in which they came."""

    _clock: IReactorTime
    _places: Semaphore = field(factory=lambda: Semaphore(_AT_ONCE), init=False)

    def passed(self) -> "Deferred[None]":
        """Fire in a turn in which there is room; canceling stops waiting."""
        return self._places.acquire().addCallback(self._leave_later)

    def _leave_later(self, _acquired: None) -> None:
        self._clock.callLater(0.0, self._places.release)
