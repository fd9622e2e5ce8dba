"""Work that no code waits for."""

from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.logger import Logger
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.background import background


class Mishap(Exception):
    """What goes wrong in these tests."""


class BackgroundTests(SynchronousTestCase):
    log = Logger()

    def setUp(self) -> None:
        self.steps: list[object] = []

    def test_coroutine(self) -> None:
        """A coroutine goes on at once, and again each time that what it waits for has fired."""
        first: Deferred[str] = Deferred()
        second: Deferred[None] = Deferred()

        async def work() -> None:
            self.steps.append("began")
            self.steps.append(await first)
            try:
                await second
            except Mishap as mishap:
                self.steps.append(mishap)

        background(self.log, "working", work())
        self.assertEqual(self.steps, ["began"])
        first.callback("fired")
        self.assertEqual(self.steps, ["began", "fired"])
        second.errback(mishap := Mishap())
        self.assertEqual(self.steps, ["began", "fired", mishap])

    def test_at_once(self) -> None:
        """However often it waits for what has fired already, the stack does not grow."""

        async def work() -> None:
            for number in range(5_000):
                fired: Deferred[int] = Deferred()
                fired.callback(number)
                self.steps.append(await fired)

        background(self.log, "working", work())
        self.assertEqual(len(self.steps), 5_000)

    def test_failure(self) -> None:
        """What fails is logged with what it did, a coroutine at once, later, or a Deferred."""
        awaited: Deferred[None] = Deferred()

        async def work() -> None:
            await awaited
            raise Mishap

        background(self.log, "working", work())
        awaited.callback(None)
        background(self.log, "working", work())
        background(self.log, "working", fail(Mishap()))
        self.assertEqual(len(self.flushLoggedErrors(Mishap)), 3)

    def test_canceled(self) -> None:
        """What is canceled has not failed."""
        awaited: Deferred[None] = Deferred()

        async def work() -> None:
            await awaited

        background(self.log, "working", work())
        awaited.cancel()
        background(self.log, "working", fail(CancelledError()))
        self.assertEqual(self.flushLoggedErrors(), [])
