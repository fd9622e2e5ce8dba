"""Tell how far a download has come, but not too often."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.bandwidth.meter import Meter
from p2p_twisted.download.progress import (
    Contribution,
    Progress,
    Queued,
    Receiving,
    Seeking,
    State,
    Undelivered,
    Waiting,
)
from p2p_twisted.explain.download_account import DownloadAccount
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.wire.names import PeerName
from p2p_twisted.wire.reaching import DIRECT

Watch = Callable[[Progress], None]

_EVERY_SECONDS: Final = 0.2
_SEEKING: Final = Seeking()


class DownloadObserver(Protocol):
    """
    What is told of the download of one file, or of many small ones.

    :ivar account: of the whole that is downloaded.
    """

    account: DownloadAccount

    def become(self, state: State) -> None:
        """Change the state."""

    def seeking(self, state: Seeking = _SEEKING) -> None:
        """No holder delivers; it is still waiting if it was."""

    def queued(self) -> None:
        """Holders are known, but it is not its turn; it is still waiting if it was."""

    def receiving(self, holder: PeerName, how: str | None = None) -> None:
        """A holder delivers; ``how`` it and this peer reach each other, if that may be new."""

    def moved(self, holder: PeerName, count: int) -> None:
        """Bytes have come from a holder; they may not be verified yet."""

    def delivered(self, holder: PeerName, count: int) -> None:
        """A holder has delivered more bytes, which are verified."""

    def advanced(self, count: int) -> None:
        """More bytes are verified, wherever they come from."""

    def resized(self, by: int) -> None:
        """The size is so many bytes more than was thought, or less."""


class Reporter:
    """
    Tells everybody who watches a download.

    Its end is told at once, everything else at most five times a second.

    :ivar account: how it goes, and why.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, progress: Progress, account: DownloadAccount) -> None:
        self.account = account
        self._speeds: defaultdict[PeerName, Meter] = defaultdict(Meter)
        self._delivered: Counter[PeerName] = Counter()
        self._how: dict[PeerName, str] = {}
        self._clock = clock
        self._progress = progress
        # Apart: it changes a thousand times a second, and the rest hardly ever.
        self._received = progress.received
        # What was there when it began to count anew: an attempt may end before it has looked.
        self._was_there = 0
        self._watches: list[Watch] = []
        self._waiting: list[Deferred[Progress]] = []
        self._began = clock.seconds()
        self._told = -_EVERY_SECONDS
        self._due = Alarm(clock, self._tell)
        self._rest_soon = Alarm(clock, self._rest)

    @property
    def progress(self) -> Progress:
        """How the download stands."""
        # The list of a folder may be longer than the size that a holder gave for all of it.
        received = min(self._received or self._was_there, self._progress.size)
        progress = attrs.evolve(self._progress, received=received)
        if not isinstance(progress.state, Receiving):
            return progress
        now = self._clock.seconds()
        holders = tuple(
            self._contribution(holder, speed.rate(now)) for holder, speed in self._speeds.items()
        )
        rate = sum(holder.rate for holder in holders)
        left = (progress.size - progress.received) / rate if rate else None
        return attrs.evolve(progress, state=Receiving(rate, left, holders))

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen; to tell costs less than how the download stands."""
        return self._progress.is_ended

    @property
    def holders(self) -> tuple[Contribution, ...]:
        """What each holder has delivered that delivered some of it."""
        return tuple(map(self._contribution, self._delivered))

    @property
    def delivered_by(self) -> Mapping[PeerName, int]:
        """How many verified bytes each holder has delivered."""
        return self._delivered

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return self._clock.seconds() - self._began

    def watch(self, watch: Watch) -> "Deferred[Progress]":
        """
        Tell one more watcher everything, beginning with how the download stands.

        :returns: fires when the download has ended, rests, or waits for a holder.
        """
        self._watches.append(watch)
        done: Deferred[Progress] = Deferred()
        self._waiting.append(done)
        self._show(watch, self.progress)
        return done

    def measured(self, size: int, files: int = 1) -> None:
        """Begin to count received bytes, now that the size is known."""
        self._progress = attrs.evolve(self._progress, size=size, files=files)
        self._was_there, self._received = self._received or self._was_there, 0

    def had(self, count: int) -> None:
        """Tell how many bytes an earlier run has left, unless they are being counted."""
        if count and not (self._received or self.is_ended):
            self._was_there = count
            self._tell_soon()

    def close(self) -> None:
        """Tell nothing more; what waits for the end is told how it stands."""
        self._watches.clear()
        self._due.stop()
        self._rest_soon.stop()
        self._release()

    # See DownloadObserver

    def become(self, state: State) -> None:
        """Change the state."""
        self._progress = attrs.evolve(self._progress, state=state)
        word, is_ended = type(state).__name__.lower(), self._progress.is_ended
        if isinstance(state, Undelivered):
            self.account.became(word, is_ended, state.obstacles)
        else:
            self.account.became(word, is_ended)
        if isinstance(state, Waiting):
            # Not at once: what a watcher does then may cancel the coroutine that says so.
            self._rest_soon.set(0.0)
        elif self._progress.is_resting:
            self._rest()
        else:
            self._tell_soon()

    def seeking(self, state: Seeking = _SEEKING) -> None:
        """No holder delivers; it is still waiting if it was."""
        if not isinstance(self._progress.state, Waiting):
            self.become(state)

    def queued(self) -> None:
        """Holders are known, but it is not its turn; it is still waiting if it was."""
        if not isinstance(self._progress.state, Waiting):
            self.become(Queued())

    def receiving(self, holder: PeerName, how: str | None = None) -> None:
        """A holder delivers."""
        if how is not None:
            self._how[holder] = how
        if holder not in self._speeds:
            self._speeds[holder] = Meter()
        if not isinstance(self._progress.state, Receiving):
            self.become(Receiving())

    def moved(self, holder: PeerName, count: int) -> None:
        """Bytes have come from a holder; they may not be verified yet."""
        self._speeds[holder].moved(count, self._clock.seconds())
        self._tell_soon()

    def delivered(self, holder: PeerName, count: int) -> None:
        """A holder has delivered more bytes, which are verified."""
        self._delivered[holder] += count
        self.receiving(holder)
        self.advanced(count)

    def advanced(self, count: int) -> None:
        """More bytes are verified, wherever they come from."""
        self._received += count
        self._tell_soon()

    def resized(self, by: int) -> None:
        """The size is so many bytes more than was thought, or less."""
        self._progress = attrs.evolve(self._progress, size=self._progress.size + by)

    # How it works

    def _contribution(self, holder: PeerName, rate: float = 0.0) -> Contribution:
        how = self._how.get(holder, DIRECT)
        return Contribution(holder, self._delivered[holder], rate, how)

    def _rest(self) -> None:
        if self._progress.is_resting:
            self._tell()
            if not self._progress.is_ended:
                self._release()

    def _tell_soon(self) -> None:
        if not self._due.is_set:
            self._due.set(max(0.0, self._told + _EVERY_SECONDS - self._clock.seconds()))

    def _tell(self) -> None:
        self._due.stop()
        self._told = self._clock.seconds()
        progress = self.progress
        for watch in list(self._watches):
            self._show(watch, progress)

    def _show(self, watch: Watch, progress: Progress) -> None:
        try:
            watch(progress)
        except Exception:
            self.log.failure("while showing the progress of a download")

    def _release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done.callback(self.progress)
