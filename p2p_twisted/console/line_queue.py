"""Run typed lines, a few at a time, and pause reading while too many wait."""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Final

from twisted.logger import Logger

from p2p_twisted.runtime.background import background

WAITING: Final = 64

Action = Callable[[], Coroutine[Any, Any, None]]


class LineQueue:
    """
    Runs actions in the order in which they were added.

    :param at_once: how many run at a time; with 1, each waits for the one before.
    :param changed: is called when too many wait, and when more may be added again.
    :ivar is_full: whether too many wait.
    """

    log = Logger()

    def __init__(self, at_once: int, changed: Callable[[], None]) -> None:
        self._at_once = at_once
        self._changed = changed
        self._waiting: deque[Action] = deque()
        self._workers = 0
        self.is_full = False
        self._is_closed = False

    def add(self, action: Action) -> None:
        """Run an action, which must not raise, as soon as those before it leave room."""
        if self._is_closed:
            return
        self._waiting.append(action)
        if len(self._waiting) > WAITING and not self.is_full:
            self.is_full = True
            self._changed()
        if self._workers < self._at_once:
            self._workers += 1
            background(self.log, "taking turns", self._work())

    def close(self) -> None:
        """Forget the actions that have not begun, and ignore further ones."""
        self._is_closed = True
        self._waiting.clear()

    async def _work(self) -> None:
        # A loop, not a chain of callbacks, as thousands may end without waiting.
        while self._waiting:
            action = self._waiting.popleft()
            if self.is_full and len(self._waiting) <= WAITING // 2:
                self.is_full = False
                self._changed()
            await action()
        self._workers -= 1
