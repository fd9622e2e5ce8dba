"""Watch running downloads, and show them at intervals."""

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IReactorTime

from p2p_twisted.download.progress import Progress
from p2p_twisted.runtime.alarm import Alarm

Show = Callable[[Sequence[Progress]], None]
"""Shows the progress of the running downloads; there may be none any more."""


class ProgressView:
    """
    Watches downloads.

    :param every: how many seconds pass at least before they are first shown, and before they
        are shown again.
    """

    def __init__(self, clock: IReactorTime, every: float, show: Show) -> None:
        self._every = every
        self._show = show
        self._running: dict[int, Progress] = {}
        self._due = Alarm(clock, self._come_due)

    def watch(self, progress: Progress) -> None:
        """Record the new progress of a download."""
        if not progress.is_resting:
            self._running[progress.number] = progress
            self._schedule()
        elif self._running.pop(progress.number, None) is not None and not self._running:
            self._show(())

    def _schedule(self) -> None:
        if not self._due.is_set:
            self._due.set(self._every)

    def _come_due(self) -> None:
        if self._running:
            self._show(tuple(self._running.values()))
            self._schedule()
