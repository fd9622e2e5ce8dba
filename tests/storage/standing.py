"""A disk that can be made to stand still."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.runtime.threads import inline


class Standing:
    """
    Does all at once, unless the disk stands still: an :class:`Offload`.

    :ivar stands_still: whether it does.
    :ivar waiting: what is called when it goes on.
    """

    def __init__(self) -> None:
        self.stands_still = False
        self.waiting: list[Callable[[], object]] = []

    def __call__(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        if not self.stands_still:
            return inline(function, *args)
        ended: Deferred[Any] = Deferred()
        self.waiting.append(lambda: inline(function, *args).chainDeferred(ended))
        return ended

    def go_on(self) -> None:
        """Let the disk do all that waits."""
        self.stands_still = False
        while self.waiting:
            self.waiting.pop(0)()
