"""Keep an eye on the running downloads, and show them now and then."""

from collections.abc import Callable, Sequence

from twisted.internet.interfaces import IReactorTime

from p2p_twisted.transfer.progress import Progress

Show = Callable[[Sequence[Progress]], None]
"""Shows how the running downloads are; there may be none any more."""


class ProgressBoard:
    """
    Watches downloads.

    :param every: how many seconds pass at least before they are shown again, and
        before they are shown at all.
    """

    def __init__(self, clock: IReactorTime, every: float, show: Show) -> None:
        self._clock = clock
        self._every = every
        self._show = show
        self._running: dict[int, Progress] = {}
        self._is_due = False

    def watch(self, progress: Progress) -> None:
        """Take note of a change."""
        if not progress.is_resting:
            self._running[progress.number] = progress
            self._schedule()
        elif self._running.pop(progress.number, None) is not None and not self._running:
            self._show(())

    def _schedule(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._clock.callLater(self._every, self._due)

    def _due(self) -> None:
        self._is_due = False
        if self._running:
            self._show(tuple(self._running.values()))
            self._schedule()
