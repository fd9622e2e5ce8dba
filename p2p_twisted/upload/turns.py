"""Send chunks to few at a time, where those who have one pass it on."""

from typing import Final, Protocol

from twisted.internet.interfaces import IReactorTime

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.upload import limits
from p2p_twisted.wire.names import PeerName

# One is on its way while the next is asked for and read.
_AT_ONCE: Final = 2


class WaitsForTurn(Protocol):
    """A push that is sent chunks by turns."""

    @property
    def requester(self) -> PeerName:
        """Who is pushed to."""

    def go_on(self) -> None:
        """Send a chunk: it has its turn now."""


class Turns:
    """
    The turns of the pushes to requesters that help each other; a turn is for one chunk.

    Chunks that many are sent at once through one uplink all arrive late. By turns the first has
    arrived, and is passed on, while the last is still to be sent.

    Whoever takes too long for a chunk loses its turn, and needs none for a while: others do not
    wait for a slow reader.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        # Who has a turn, and since when; who waits for one; who needs none, and until when.
        self._taken: dict[WaitsForTurn, float] = {}
        self._waiting: dict[WaitsForTurn, None] = {}
        self._slow: dict[PeerName, float] = {}
        self._overdue = Alarm(clock, self._give_up_overdue)

    def take(self, push: WaitsForTurn) -> bool:
        """Return whether a push may send a chunk now; otherwise it is told when it may."""
        now = self._clock.seconds()
        if push in self._taken or self._slow.get(push.requester, now) > now:
            return True
        if len(self._taken) >= _AT_ONCE:
            self._waiting[push] = None
            return False
        self._begin(push)
        return True

    def end(self, push: WaitsForTurn) -> None:
        """End the turn of a push, or its wait for one; if there is neither, this does no harm."""
        self._waiting.pop(push, None)
        if self._taken.pop(push, None) is not None:
            self._next()

    def _begin(self, push: WaitsForTurn) -> None:
        self._taken[push] = self._clock.seconds()
        if not self._overdue.is_set:
            self._overdue.set(limits.CHUNK_TURN_SECONDS)

    def _next(self) -> None:
        # Those who are told may end their turns at once.
        while self._waiting and len(self._taken) < _AT_ONCE:
            push = next(iter(self._waiting))
            del self._waiting[push]
            self._begin(push)
            push.go_on()
        if not self._taken:
            self._overdue.rest()

    def _give_up_overdue(self) -> None:
        now = self._clock.seconds()
        for push, since in list(self._taken.items()):
            if now - since >= limits.CHUNK_TURN_SECONDS:
                del self._taken[push]
                self._remember_slow(push.requester, now)
        self._next()
        if self._taken:
            first = min(self._taken.values())
            self._overdue.set(max(0.0, first + limits.CHUNK_TURN_SECONDS - now))

    def _remember_slow(self, requester: PeerName, now: float) -> None:
        self._slow.pop(requester, None)
        self._slow[requester] = now + limits.SLOW_READER_SECONDS
        if len(self._slow) > limits.SLOW_READERS_REMEMBERED:
            del self._slow[next(iter(self._slow))]
