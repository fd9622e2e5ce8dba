"""Own the Deferreds that no code waits for."""

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure


def background(log: Logger, doing: str, work: "Deferred[Any] | Coroutine[Any, Any, Any]") -> None:
    """
    Let work go on by itself, and log its failure; cancellation is none.

    :param doing: what the work does, for the log.
    """
    task = work if isinstance(work, Deferred) else Deferred.fromCoroutine(work)

    def failed(failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            log.failure("while {doing}", failure, doing=doing)

    task.addErrback(failed)
