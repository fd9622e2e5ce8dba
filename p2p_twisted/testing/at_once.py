"""Write at once, in this thread, as where nothing but the test waits for the disk."""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred

from p2p_twisted.runtime.threads import inline

T = TypeVar("T")


class AtOnce:
    """Calls what writes at once: a :class:`Writing`."""

    is_full = False
    has_room = True
    core_wanted = 0.0

    def __call__(self, function: Callable[..., T], *args: Any) -> "Deferred[T]":
        """Call it."""
        return inline(function, *args)
