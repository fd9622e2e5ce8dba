"""When a console is attached, and when it is not."""

import os
import sys
from collections.abc import Callable

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console import service
from p2p_twisted.console.service import ConsoleService, stdin_is_ours
from tests.console.fake_peer import FakePeer


class StdinTests(SynchronousTestCase):
    """Whose standard input is."""

    def test_closed(self) -> None:
        """A closed stdin or stdout is not used."""
        for name in ("__stdin__", "__stdout__"):
            self.patch(sys, name, None)
            self.assertFalse(stdin_is_ours())

    def test_terminal_in_the_background(self) -> None:
        """A terminal is ours in its foreground only."""
        self.patch(os, "isatty", lambda _descriptor: True)
        for is_foreground in (True, False):
            self.patch(service, "is_foreground", lambda _fd, answer=is_foreground: answer)
            self.assertEqual(stdin_is_ours(), is_foreground)


class ConsoleReactor(MemoryReactorClock):
    """A reactor that threads may call."""

    def callFromThread(  # noqa: N802
        self,
        callable: Callable[..., object],  # noqa: A002
        *args: object,
        **kwargs: object,
    ) -> None:
        self.callLater(0, callable, *args, **kwargs)


class ConsoleServiceTests(SynchronousTestCase):
    """A console in the life of a daemon; no standard input is touched here."""

    def setUp(self) -> None:
        self.reactor = ConsoleReactor()
        self.service = ConsoleService(self.reactor, FakePeer(), "s2", self.fail)

    def test_attached_when_the_reactor_runs(self) -> None:
        """Starting touches nothing yet: the daemon may still fork."""
        self.service.startService()
        self.assertEqual(len(self.reactor.whenRunningHooks), 1)

    def test_stopped_before(self) -> None:
        """A daemon that stops before its reactor ran has nothing to close."""
        self.service.startService()
        self.service.announce("nobody hears this")
        self.assertIsNone(self.service.stopService())
        (hook, args, kwargs) = self.reactor.whenRunningHooks[0]
        hook(*args, **kwargs)
        self.assertEqual(self.reactor.readers, set())
