"""Call something later, unless that is put off or called off."""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Alarm:
    """
    Makes one call later; it holds at most one at a time.

    :param clock: the reactor.
    :param call: is called; it may set the alarm again.
    """

    def __init__(self, clock: IReactorTime, call: Callable[[], object]) -> None:
        self._clock = clock
        self._call = call
        self._due: IDelayedCall | None = None

    @property
    def is_set(self) -> bool:
        """Whether the call is to come."""
        return self._due is not None and bool(self._due.active())

    def set(self, seconds: float) -> None:
        """Make the call in so many seconds, and not when it was due before."""
        if self._due is None or not self._due.active():
            self._due = self._clock.callLater(seconds, self._call)
        elif self._due.getTime() <= self._clock.seconds() + seconds:
            self._due.reset(seconds)
        else:
            # To make a call sooner, Twisted looks for it among all that are to come.
            self._due.cancel()
            self._due = self._clock.callLater(seconds, self._call)

    def stop(self) -> None:
        """Make no call; without one to come, or again, this does no harm."""
        if self._due is not None and self._due.active():
            self._due.cancel()
