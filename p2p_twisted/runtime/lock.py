"""Locks and semaphores for which any number may wait."""

from collections import deque

from twisted.internet.defer import Deferred, succeed


class Semaphore:
    """
    Lets a few at a time into an ``async with`` block, in the order in which they came.

    With Twisted's ``DeferredSemaphore`` and ``DeferredLock``, each one that leaves calls the next
    one from within itself: a hundred that need not wait for anything else exceed the depth of
    the stack. Here whoever leaves first calls all of them, one after the other.

    :param places: how many there is room for.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[Deferred[None]] = deque()
        self._is_calling = False

    @property
    def is_taken(self) -> bool:
        """Whether who comes now has to wait."""
        return not self._free or bool(self._waiting)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def acquire(self) -> "Deferred[None]":
        """Fire once there is a place; canceling stops waiting."""
        if not self.is_taken:
            self._free -= 1
            return succeed(None)
        admitted: Deferred[None] = Deferred(self._waiting.remove)
        self._waiting.append(admitted)
        return admitted

    def release(self) -> None:
        """Give a place up that was acquired."""
        self._free += 1
        if self._is_calling:
            return
        self._is_calling = True
        try:
            while self._waiting and self._free:
                self._free -= 1
                self._waiting.popleft().callback(None)
        finally:
            self._is_calling = False

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_error: object) -> None:
        self.release()


class Lock(Semaphore):
    """Lets one at a time in."""

    def __init__(self) -> None:
        super().__init__(1)
