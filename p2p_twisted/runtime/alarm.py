"""Call something later, unless that is put off or called off."""

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime


class Alarm:
    """
    Makes one call later; it holds at most one at a time.

    :param clock: the reactor.
    :param call: is called; it may set the alarm again.
    :ivar is_set: whether the call is to come.
    """

    # Each connection has several.
    __slots__ = ("_call", "_clock", "_due", "_looked_at", "is_set")

    def __init__(self, clock: IReactorTime, call: Callable[[], object]) -> None:
        self._clock = clock
        self._call = call
        self._due: IDelayedCall | None = None
        # When the reactor looks at it for the first time.
        self._looked_at = 0.0
        self.is_set = False

    def set(self, seconds: float) -> None:
        """Make the call in so many seconds, and not when it was due before."""
        self.is_set = True
        now = self._clock.seconds()
        due = self._due
        if due is not None:
            if seconds <= 0 and due.getTime() <= now:
                # It is about to be made. Twisted makes what was due as it began to look: put off to
                # now each time that something else is handled, it might never be.
                return
            # To make a call sooner, Twisted looks for it among all that are to come; not if it only
            # takes back some of what it was put off by, and it has not been looked at yet.
            if due.getTime() <= now + seconds or now < self._looked_at <= now + seconds:
                due.reset(seconds)
                return
            due.cancel()
        self._due = self._clock.callLater(seconds, self._come_due)
        self._looked_at = now + seconds

    def rest(self) -> None:
        """
        Make no call unless it is set again, which is likely to be soon.

        That costs less than to stop it, but the reactor knows it on until it would have been due.
        """
        self.is_set = False

    def stop(self) -> None:
        """Make no call; without one to come, or again, this does no harm."""
        self.is_set = False
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _come_due(self) -> None:
        self._due = None
        if self.is_set:
            self.is_set = False
            self._call()
