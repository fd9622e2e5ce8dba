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
    if isinstance(work, Deferred):
        work.addErrback(_failed, log, doing)
    else:
        _go_on(None, work, log, doing)


def _go_on(fired: object, work: Coroutine[Any, Any, Any], log: Logger, doing: str) -> None:
    """
    Have a coroutine go on until it waits for something.

    What Twisted does to have others wait for it, or cancel it, takes longer than a brief answer.
    """
    try:
        awaited: Deferred[Any] = (
            fired.throwExceptionIntoGenerator(work)
            if isinstance(fired, Failure)
            else work.send(fired)
        )
    except StopIteration:
        pass
    except BaseException:
        _failed(Failure(), log, doing)
    else:
        awaited.addBoth(_go_on, work, log, doing)


def _failed(failure: Failure, log: Logger, doing: str) -> None:
    if failure.check(CancelledError) is None:
        log.failure("while {doing}", failure, doing=doing)
