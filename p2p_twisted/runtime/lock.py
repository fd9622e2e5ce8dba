"""A lock for which any number may wait."""

from collections import deque

from twisted.internet.defer import Deferred


class Lock:
    """
    Lets one coroutine at a time into an ``async with`` block, in the order in which they came.

    With Twisted's ``DeferredLock``, each one that leaves calls the next one from within itself:
    a hundred that need not wait for anything else exceed the depth of the stack. Here whoever
    leaves first calls all of them, one after the other.
    """

    def __init__(self) -> None:
        self._waiting: deque[Deferred[None]] = deque()
        self._is_held = False
        self._is_calling = False

    @property
    def is_held(self) -> bool:
        """Whether some coroutine is in the block."""
        return self._is_held

    async def __aenter__(self) -> None:
        if not self._is_held:
            self._is_held = True
            return
        admitted: Deferred[None] = Deferred(self._waiting.remove)
        self._waiting.append(admitted)
        await admitted

    async def __aexit__(self, *_error: object) -> None:
        self._is_held = False
        if self._is_calling:
            return
        self._is_calling = True
        try:
            while self._waiting and not self._is_held:
                self._is_held = True
                self._waiting.popleft().callback(None)
        finally:
            self._is_calling = False
