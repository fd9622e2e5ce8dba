"""Tell whoever watches a download how far it has come, but not too often."""

from collections import deque
from collections.abc import Callable
from typing import Final

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from p2p_twisted.transfer.progress import (
    Checking,
    Progress,
    Receiving,
    Saving,
    Seeking,
    State,
    Waiting,
)
from p2p_twisted.wire.names import PeerName

Watch = Callable[[Progress], None]

_EVERY_SECONDS: Final = 0.2
_RATE_SECONDS: Final = 5.0


class Report:
    """
    What is told of one download.

    A change of state is told at once, bytes at most five times a second.

    :ivar progress: as it stands.
    :ivar holders: who delivered some of it.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, progress: Progress) -> None:
        self.progress = progress
        self.holders: tuple[PeerName, ...] = ()
        self._clock = clock
        self._watches: list[Watch] = []
        self._waiting: list[Deferred[Progress]] = []
        self._began = clock.seconds()
        self._told = 0.0
        self._due: IDelayedCall | None = None
        # What arrived when, over the last seconds.
        self._arrived: deque[tuple[float, int]] = deque()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return self._clock.seconds() - self._began

    def watch(self, watch: Watch) -> "Deferred[Progress]":
        """
        Tell somebody more of everything, beginning with how it stands.

        :returns: fires when it has ended, or nobody delivers any more.
        """
        self._watches.append(watch)
        done: Deferred[Progress] = Deferred()
        self._waiting.append(done)
        self._show(watch)
        return done

    def seeking(self) -> None:
        """Nobody delivers at the moment; unless that has been said for long."""
        if not isinstance(self.progress.state, Waiting):
            self.become(Seeking())

    def waiting(self) -> None:
        """Nobody has delivered for long."""
        self.become(Waiting())

    def checking(self) -> None:
        """What is there already is being verified."""
        self.become(Checking())

    def receiving(self, holder: PeerName) -> None:
        """A holder delivers."""
        if holder not in self.holders:
            self.holders += (holder,)
        self._arrived.clear()
        self.become(Receiving(holder))

    def saving(self) -> None:
        """All is there."""
        self.become(Saving())

    def measured(self, size: int, files: int = 1) -> None:
        """Begin to count, now that it is known how much it is."""
        self.progress = attrs.evolve(self.progress, size=size, files=files, received=0)

    def advanced(self, count: int) -> None:
        """More of it is verified."""
        received = self.progress.received + count
        state = self.progress.state
        if isinstance(state, Receiving):
            rate = self._rate(count)
            left = (self.progress.size - received) / rate if rate else None
            state = Receiving(state.holder, rate, left)
        self.progress = attrs.evolve(self.progress, received=received, state=state)
        wait = self._told + _EVERY_SECONDS - self._clock.seconds()
        if wait <= 0:
            self._tell()
        elif self._due is None:
            self._due = self._clock.callLater(wait, self._tell)

    def become(self, state: State) -> None:
        """Change the state, and tell it at once."""
        if state != self.progress.state:
            self.progress = attrs.evolve(self.progress, state=state)
            self._tell()
        if isinstance(state, Waiting):
            self._release()

    def close(self) -> None:
        """Tell nothing more, and keep nobody waiting."""
        self._watches.clear()
        self._not_due()
        self._release()

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done.callback(self.progress)

    def _rate(self, count: int) -> float:
        now = self._clock.seconds()
        self._arrived.append((now, count))
        while self._arrived[0][0] < now - _RATE_SECONDS:
            self._arrived.popleft()
        since = now - self._arrived[0][0]
        # What came with the first mark came before it.
        return sum(count for _, count in list(self._arrived)[1:]) / since if since else 0.0

    def _tell(self) -> None:
        self._not_due()
        self._told = self._clock.seconds()
        for watch in list(self._watches):
            self._show(watch)

    def _show(self, watch: Watch) -> None:
        try:
            watch(self.progress)
        except Exception:
            self.log.failure("while showing the progress of a download")

    def _not_due(self) -> None:
        if self._due is not None and self._due.active():
            self._due.cancel()
        self._due = None
