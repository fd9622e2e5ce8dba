"""Jobs for a thread, which a test runs one by one."""

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred

from tests.download.world import World


class Jobs:
    """Threads whose jobs are carried out when the test says so."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Deferred[Any], Callable[..., Any], Any]] = deque()

    def __call__(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        done: Deferred[Any] = Deferred()
        self._waiting.append((done, function, args))
        return done

    @property
    def next_one(self) -> str:
        """The name of what the oldest one calls."""
        return self._waiting[0][1].__name__

    @property
    def last_argument(self) -> Any:
        """The last argument of what the oldest one calls."""
        return self._waiting[0][2][-1]

    def run_until(self, name: str, world: World, count: int) -> None:
        """Carry out jobs until so many have called a function, and its next call is due."""
        while self.next_one != name or count:
            count -= self.next_one == name
            self.run_one()
            world.wires.settle()

    def run_one(self) -> bool:
        """Carry the oldest one out, if there is any."""
        if not self._waiting:
            return False
        done, function, args = self._waiting.popleft()
        maybeDeferred(function, *args).chainDeferred(done)
        return True
