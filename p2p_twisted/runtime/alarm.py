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
    __slots__ = ("_at", "_call", "_clock", "_due", "_looked_at", "is_set")

    def __init__(self, clock: IReactorTime, call: Callable[[], object]) -> None:
        self._clock = clock
        self._call = call
        self._due: IDelayedCall | None = None
        # When the reactor looks at it, and when the call is to be made, which may be later.
        self._looked_at = self._at = 0.0
        self.is_set = False

    def set(self, seconds: float) -> None:
        """Make the call in so many seconds, and not when it was due before."""
        self.is_set = True
        self._at = self._clock.seconds() + seconds
        if self._due is not None:
            if self._looked_at <= self._at:
                # Whatever it is put off by, and takes back of that, is seen to then.
                return
            # To make a call sooner, Twisted would look for it among all that are to come.
            self._due.cancel()
        self._look_in(seconds)

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

    def end(self) -> None:
        """Make no call ever, and forget what was to be called; it must not be set again."""
        self.stop()
        del self._call

    def _look_in(self, seconds: float) -> None:
        self._due = self._clock.callLater(seconds, self._look)
        self._looked_at = self._at

    def _look(self) -> None:
        self._due = None
        if not self.is_set:
            return
        left = self._at - self._clock.seconds()
        if left > 0:
            self._look_in(left)
        else:
            self.is_set = False
            self._call()
