"""The lock for which any number may wait."""

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.lock import Lock


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
