"""Something that many wait for, and that happens once."""

from twisted.internet.defer import Deferred, succeed


class Gate:
    """
    Holds all back until it is opened, and nobody from then on.

    :ivar is_open: whether it was.
    """

    def __init__(self, is_open: bool = False) -> None:
        self.is_open = is_open
        self._waiting: list[Deferred[None]] = []

    def passed(self) -> "Deferred[None]":
        """Fire once it is open; canceling stops waiting."""
        if self.is_open:
            return succeed(None)
        waiting: Deferred[None] = Deferred(self._waiting.remove)
        self._waiting.append(waiting)
        return waiting

    def open(self) -> None:
        """Let all go on that wait, in the order in which they came."""
        self.is_open = True
        while self._waiting:
            self._waiting.pop(0).callback(None)
