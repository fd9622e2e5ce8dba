"""A disk that can be made to stand still."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.runtime.threads import inline


class Standing:
    """
    Does all at once, unless the disk stands still: an :class:`Writing`.

    :ivar stands_still: whether it does.
    :ivar ahead: how many calls may wait before it is full.
    :ivar waiting: what is called when it goes on.
    """

    core_wanted = 0.0

    def __init__(self) -> None:
        self.stands_still = False
        self.ahead = 1
        self.waiting: list[Callable[[], object]] = []

    @property
    def is_full(self) -> bool:
        return len(self.waiting) >= self.ahead

    @property
    def has_room(self) -> bool:
        return len(self.waiting) <= self.ahead // 2

    def __call__(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        if not self.stands_still:
            return inline(function, *args)
        ended: Deferred[Any] = Deferred()
        self.waiting.append(lambda: inline(function, *args).chainDeferred(ended))
        return ended

    def do_one(self) -> bool:
        """Let the disk do what has waited longest, if anything waits."""
        if self.waiting:
            self.waiting.pop(0)()
            return True
        return False

    def go_on(self) -> None:
        """Let the disk do all that waits."""
        self.stands_still = False
        while self.do_one():
            pass
