"""Coroutines that are canceled, and jobs that are not."""

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.tasks import together, uninterrupted, within


class UninterruptedTests(SynchronousTestCase):
    """A coroutine that waits for a job."""

    def begun(self) -> tuple["Deferred[int]", "Deferred[int]"]:
        job: Deferred[int] = Deferred()
        return job, Deferred.fromCoroutine(uninterrupted(job))

    def test_result(self) -> None:
        """It gets what the job gives, at once or later."""
        job, waiting = self.begun()
        self.assertNoResult(waiting)
        job.callback(3)
        self.assertEqual(self.successResultOf(waiting), 3)
        again = Deferred.fromCoroutine(uninterrupted(job))
        self.assertEqual(self.successResultOf(again), 3)

    def test_job_is_told(self) -> None:
        """A job is told when it is not wanted any more, and not before."""
        told: list[int] = []
        job: Deferred[int] = Deferred()
        waiting = Deferred.fromCoroutine(uninterrupted(job, lambda: told.append(1)))
        self.assertEqual(told, [])
        waiting.cancel()
        self.assertEqual(told, [1])
        job.callback(3)
        self.failureResultOf(waiting, CancelledError)

    def test_canceled(self) -> None:
        """However often it is canceled, it ends when the job does."""
        for times in (1, 2, 3):
            job, waiting = self.begun()
            for _ in range(times):
                waiting.cancel()
                self.assertNoResult(waiting)
            job.callback(3)
            self.failureResultOf(waiting, CancelledError)
            self.assertEqual(self.successResultOf(job), 3)

    def test_fails(self) -> None:
        """What the job fails with comes before the cancellation."""
        for is_canceled in (False, True):
            job, waiting = self.begun()
            if is_canceled:
                waiting.cancel()
            job.errback(ZeroDivisionError())
            self.failureResultOf(waiting, ZeroDivisionError)


class TogetherTests(SynchronousTestCase):
    """Coroutines that run at the same time."""

    def setUp(self) -> None:
        self.events: list[Deferred[None]] = [Deferred() for _ in range(3)]
        self.ended: list[int] = []

    async def work(self, number: int) -> None:
        try:
            await self.events[number]
        finally:
            self.ended.append(number)

    def test_all_end(self) -> None:
        """All are waited for."""
        done = Deferred.fromCoroutine(together(map(self.work, range(3))))
        for event in self.events:
            self.assertNoResult(done)
            event.callback(None)
        self.assertIsNone(self.successResultOf(done))

    def test_one_fails(self) -> None:
        """The others are canceled, and its failure is raised."""
        done = Deferred.fromCoroutine(together(map(self.work, range(3))))
        self.events[1].errback(ZeroDivisionError())
        self.failureResultOf(done, ZeroDivisionError)
        self.assertEqual(self.ended, [1, 0, 2])

    def test_fails_at_once(self) -> None:
        """After the first failure no more are begun."""
        self.events[1].errback(ZeroDivisionError())
        done = Deferred.fromCoroutine(together(map(self.work, range(3))))
        self.failureResultOf(done, ZeroDivisionError)
        self.assertEqual(self.ended, [1, 0])

    def test_canceled(self) -> None:
        """Whoever waits for all may cancel all; those that cannot end at once are waited for."""
        job: Deferred[None] = Deferred()
        done = Deferred.fromCoroutine(together([self.work(0), uninterrupted(job)]))
        done.cancel()
        self.assertEqual(self.ended, [0])
        self.assertNoResult(done)
        job.callback(None)
        self.failureResultOf(done, CancelledError)


class WithinTests(SynchronousTestCase):
    """A coroutine that waits for a job for some time only."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.job: Deferred[None] = Deferred()
        self.waiting = Deferred.fromCoroutine(within(10.0, self.job, self.clock))

    def tearDown(self) -> None:
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_in_time(self) -> None:
        """A job that ends in time, in whichever way, ends the waiting."""
        self.clock.advance(9.0)
        self.job.callback(None)
        self.assertTrue(self.successResultOf(self.waiting))

    def test_fails_in_time(self) -> None:
        """What the job fails with in time is raised."""
        self.job.errback(ZeroDivisionError())
        self.failureResultOf(self.waiting, ZeroDivisionError)

    def test_too_late(self) -> None:
        """A job that takes longer goes on, and its failure is logged."""
        self.clock.advance(10.0)
        self.assertFalse(self.successResultOf(self.waiting))
        self.assertFalse(self.job.called)
        self.job.errback(ZeroDivisionError())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_canceled(self) -> None:
        """To cancel the waiting does not cancel the job."""
        self.waiting.cancel()
        self.failureResultOf(self.waiting, CancelledError)
        self.assertFalse(self.job.called)
        self.job.callback(None)
