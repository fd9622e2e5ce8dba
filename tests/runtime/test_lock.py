"""The lock for which any number may wait."""

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.lock import Lock, Semaphore


class LockTests(SynchronousTestCase):
    """Coroutines that want in."""

    def setUp(self) -> None:
        self.lock = Lock()
        self.entered: list[int] = []

    def come(self, number: int, until: "Deferred[None]") -> "Deferred[None]":
        """Want in, and stay until something fires."""

        async def stay() -> None:
            async with self.lock:
                self.entered.append(number)
                await until

        return Deferred.fromCoroutine(stay())

    def test_one_after_the_other(self) -> None:
        """Who comes later waits until those before it are done."""
        untils: list[Deferred[None]] = [Deferred() for _ in range(3)]
        coming = [self.come(number, until) for number, until in enumerate(untils)]
        for number, until in enumerate(untils):
            self.assertEqual(self.entered, list(range(number + 1)))
            until.callback(None)
            self.assertIsNone(self.successResultOf(coming[number]))

    def test_very_many(self) -> None:
        """Ten thousand that stay for no time do not exceed the depth of the stack."""
        until: Deferred[None] = Deferred()
        coming = [self.come(0, until), *(self.come(n, succeed(None)) for n in range(1, 10_000))]
        until.callback(None)
        for each in coming:
            self.successResultOf(each)
        self.assertEqual(self.entered, list(range(10_000)))

    def test_failure(self) -> None:
        """One that fails lets the next one in."""
        until: Deferred[None] = Deferred()
        failing, next_one = self.come(0, until), self.come(1, succeed(None))
        until.errback(ZeroDivisionError())
        self.failureResultOf(failing, ZeroDivisionError)
        self.successResultOf(next_one)

    def test_cancel(self) -> None:
        """One that is canceled while it waits never gets in."""
        until: Deferred[None] = Deferred()
        first, second, third = (self.come(number, until) for number in range(3))
        second.cancel()
        self.failureResultOf(second, CancelledError)
        until.callback(None)
        self.successResultOf(first)
        self.successResultOf(third)
        self.assertEqual(self.entered, [0, 2])


class SemaphoreTests(SynchronousTestCase):
    """Some that come at the same time."""

    def test_few_at_a_time(self) -> None:
        """As many are in as there is room for; the others follow in their order."""
        semaphore = Semaphore(2)
        asked = [semaphore.acquire() for _ in range(4)]
        self.assertEqual([each.called for each in asked], [True, True, False, False])
        for number in (2, 3):
            self.assertTrue(semaphore.is_taken)
            semaphore.release()
            self.assertTrue(asked[number].called)
        self.assertFalse(semaphore.is_awaited)
        semaphore.release()
        self.assertFalse(semaphore.is_taken)

    def test_none_comes_first(self) -> None:
        """Who comes while others are let in waits until those before it are in."""
        lock, entered = Lock(), list[int]()

        def come(number: int, *then: int) -> None:
            """Come in, have others come, and leave."""

            def enter(_nothing: None) -> None:
                entered.append(number)
                for each in then:
                    come(each)
                lock.release()

            lock.acquire().addCallback(enter)

        lock.acquire()
        come(1, 3)
        come(2)
        lock.release()
        self.assertEqual(entered, [1, 2, 3])

    def test_leave_in_the_middle(self) -> None:
        """One that leaves at once makes room, though another one is just being let in."""
        lock = Lock()
        lock.acquire()
        first, second = lock.acquire(), lock.acquire()
        first.addCallback(lambda _nothing: lock.release())
        lock.release()
        self.assertTrue(second.called)
        self.assertTrue(lock.is_taken)
