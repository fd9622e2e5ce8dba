"""Wait for coroutines that may be canceled, and for jobs that may not be interrupted."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload

T = TypeVar("T")

_log = Logger()


async def uninterrupted(job: "Deferred[T]", canceled: Callable[[], None] | None = None) -> T:
    """
    Wait for a job to end, even when the waiting coroutine is canceled meanwhile.

    A thread cannot be stopped: what comes after its job must not begin before that ends.

    :param canceled: is called then, so that a long job can end early.
    :returns: what the job gives.
    :raises CancelledError: when the coroutine was canceled, once the job has ended. What
        the job fails with comes first.
    """
    ended: Deferred[None] = Deferred()
    outcomes: list[T | Failure] = []
    is_canceled = False

    # A union in its annotations would be made at each call, which takes longer than the rest.
    def end(outcome: Any) -> Any:
        outcomes.append(outcome)
        ended.callback(None)
        return None if isinstance(outcome, Failure) else outcome

    job.addBoth(end)
    while not outcomes:
        try:
            await ended
        except CancelledError:
            is_canceled, ended = True, Deferred()
            if canceled is not None:
                canceled()
    (outcome,) = outcomes
    if isinstance(outcome, Failure):
        outcome.raiseException()
    if is_canceled:
        raise CancelledError
    return outcome


async def while_wanted(offload: Offload, function: Callable[..., T], *args: Any) -> T:
    """
    Call what blocks for long, with a last argument: asks whether it is still wanted.

    :raises CancelledError: when this was canceled meanwhile, as soon as the function has asked.
    """
    canceled: list[None] = []
    job = offload(function, *args, lambda: not canceled)
    return await uninterrupted(job, lambda: canceled.append(None))


async def within(seconds: float, job: "Deferred[Any]", clock: IReactorTime) -> bool:
    """
    Wait for a job for some time, without canceling what others may wait for, too.

    :returns: whether it ended in time; otherwise it goes on by itself, and a failure is logged.
    :raises Exception: what it fails with in time.
    """
    over: Deferred[bool] = Deferred()

    def end(outcome: Any) -> Any:
        if over.called:
            return outcome
        if isinstance(outcome, Failure):
            over.errback(outcome)
        else:
            over.callback(True)
        return None

    timer = clock.callLater(seconds, over.callback, False)
    background(_log, "waiting for a job no longer", job.addBoth(end))
    try:
        return await over
    finally:
        if timer.active():
            timer.cancel()


async def together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """
    Run several coroutines at the same time, and return when all have ended.

    When one fails, or this is canceled, all others are canceled.

    :param works: no more of them are begun once one has failed.
    :raises Exception: what the first one failed with.
    """
    tasks: list[Deferred[None]] = []
    failures: list[Failure] = []

    def cancel_all(failure: Failure) -> None:
        failures.append(failure)
        for task in tasks:
            task.cancel()

    for work in works:
        if failures:
            work.close()
        else:
            tasks.append(Deferred.fromCoroutine(work).addErrback(cancel_all))
    await DeferredList(tasks)
    if failures:
        failures[0].raiseException()
