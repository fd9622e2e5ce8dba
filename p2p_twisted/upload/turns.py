"""Send chunks to few at a time, where those who have one pass it on."""

from typing import Final, Protocol

from twisted.internet.interfaces import IReactorTime

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.upload import limits
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.names import PeerName

# A chunk that takes so many times as long as the ones before does not fill the uplink.
_LATE_TIMES: Final = 3
# What was saved up of a rate may let one chunk through at once.
_LEAST_SECONDS: Final = 0.5
_SOON_SECONDS: Final = 0.001


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

    Chunks that several are sent at once through one uplink all arrive late. One after the other,
    the first has arrived, and is passed on, while the last is still to be sent.

    Others do not wait for a slow reader: beside whoever takes three times as long for a chunk as
    those before, the next one begins; and who takes far too long needs no turn for a while.

    :ivar bytes_per_second: at which the last chunk was sent; none was at first.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.bytes_per_second = 0.0
        self._clock = clock
        # Who has a turn, and who has one that the next does not wait for, and since when; who
        # waits for one; who needs none, and until when.
        self._taken: dict[WaitsForTurn, float] = {}
        self._late: dict[WaitsForTurn, float] = {}
        self._waiting: dict[WaitsForTurn, None] = {}
        self._slow: dict[PeerName, float] = {}
        self._usual_seconds = limits.CHUNK_TURN_SECONDS
        self._due = Alarm(clock, self._look)

    def take(self, push: WaitsForTurn) -> bool:
        """Return whether a push may send a chunk now; otherwise it is told when it may."""
        now = self._clock.seconds()
        has_turn = push in self._taken or push in self._late
        if has_turn or self._slow.get(push.requester, now) > now:
            return True
        if self._taken:
            self._waiting[push] = None
            return False
        self._begin(push)
        return True

    def end(self, push: WaitsForTurn, has_sent: bool) -> None:
        """
        End the turn of a push, or its wait for one; if there is neither, this does no harm.

        :param has_sent: whether a whole chunk was sent, so that it shows how long one takes.
        """
        self._waiting.pop(push, None)
        since = self._taken.pop(push, self._late.pop(push, None))
        if since is None:
            return
        if has_sent:
            took = self._clock.seconds() - since
            self.bytes_per_second = CHUNK_BYTES / max(took, _SOON_SECONDS)
            # One slow reader among many does not change much.
            most = _LATE_TIMES * self._usual_seconds
            self._usual_seconds = min(max(took, _LEAST_SECONDS), most)
        self._next()

    def _begin(self, push: WaitsForTurn) -> None:
        self._taken[push] = self._clock.seconds()
        self._set_alarm()

    def _next(self) -> None:
        # Those who are told may end their turns at once.
        while self._waiting and not self._taken:
            push = next(iter(self._waiting))
            del self._waiting[push]
            self._begin(push)
            push.go_on()
        self._set_alarm()

    @property
    def _late_seconds(self) -> float:
        return min(_LATE_TIMES * self._usual_seconds, limits.CHUNK_TURN_SECONDS)

    def _set_alarm(self) -> None:
        """Look again when somebody has taken too long."""
        dues = [since + self._late_seconds for since in self._taken.values()]
        dues += [since + limits.CHUNK_TURN_SECONDS for since in self._late.values()]
        if dues:
            self._due.set(max(0.0, min(dues) - self._clock.seconds()))
        else:
            self._due.rest()

    def _look(self) -> None:
        now = self._clock.seconds()
        # What is due within so little is due: sums of fractions are not exact.
        soon = now + _SOON_SECONDS
        for push, since in list(self._taken.items()):
            if since + self._late_seconds <= soon:
                self._late[push] = self._taken.pop(push)
        for push, since in list(self._late.items()):
            if since + limits.CHUNK_TURN_SECONDS <= soon:
                del self._late[push]
                self._remember_slow(push.requester, now)
        self._next()

    def _remember_slow(self, requester: PeerName, now: float) -> None:
        self._slow.pop(requester, None)
        self._slow[requester] = now + limits.SLOW_READER_SECONDS
        if len(self._slow) > limits.SLOW_READERS_REMEMBERED:
            del self._slow[next(iter(self._slow))]
