"""When a console is attached, and when it is not."""

import os
import sys
from collections.abc import Callable

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console import service
from p2p_twisted.console.console import ConsoleConfig
from p2p_twisted.console.plain_console import PlainConsole
from p2p_twisted.console.service import ConsoleService, stdin_is_ours
from p2p_twisted.console.terminal_console import TerminalConsole
from tests.console.fake_links import FakeLinks
from tests.console.fake_peer import FakePeer


class StdinTests(SynchronousTestCase):
    """Whose standard input is."""

    def test_closed(self) -> None:
        """A closed stdin is not used; nor is one where a person types who would see nothing."""
        self.patch(sys, "__stdout__", None)
        for is_terminal in (True, False):
            self.patch(os, "isatty", lambda _descriptor, answer=is_terminal: answer)
            self.assertEqual(stdin_is_ours(), not is_terminal)
        self.patch(sys, "__stdin__", None)
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
        self.service = ConsoleService(self.reactor, FakePeer(), "s2", self.fail, links=FakeLinks())

    def test_terminals(self) -> None:
        """A terminal that is dumb, or is not said to be more, is written to line by line."""
        self.patch(os, "isatty", lambda _descriptor: True)
        self.patch(service, "RawMode", lambda *_fds: None)
        for kind, draws in (("xterm", True), ("dumb", False), ("", False), (None, False)):
            self.patch(os, "environ", {} if kind is None else {"TERM": kind})
            console = self.service._make_console()
            self.assertEqual(isinstance(console, TerminalConsole), draws)

    def test_color(self) -> None:
        """Failures have a color, unless NO_COLOR says that nothing should."""
        for value, has_color in [(None, True), ("", True), ("1", False)]:
            if value is None:
                self.patch(os, "environ", {})
            else:
                self.patch(os, "environ", {"NO_COLOR": value})
            made = ConsoleService(self.reactor, FakePeer(), "s2", self.fail, links=FakeLinks())
            self.assertEqual(made._config.has_color, has_color)

    def test_attached_when_the_reactor_runs(self) -> None:
        """Starting touches nothing yet: the daemon may still fork."""
        self.service.startService()
        self.assertEqual(len(self.reactor.whenRunningHooks), 1)

    def test_started_in_the_background(self) -> None:
        """A job that was started with ``&`` gets its console, and what it missed, with ``fg``."""
        made: list[ConsoleConfig] = []
        self.patch(os, "isatty", lambda _descriptor: True)
        self.patch(service, "is_foreground", lambda _fd: False)
        self.patch(service, "StandardIO", lambda console, **_how: made.append(console.config))
        self.patch(ConsoleService, "_make_console", lambda service: PlainConsole(service._config))
        self.service.startService()
        (hook, args, kwargs) = self.reactor.whenRunningHooks[0]
        hook(*args, **kwargs)
        self.service.announce("joined as s2 on port 9001")
        self.reactor.pump([0.2] * 5)
        self.assertEqual(made, [])
        self.patch(service, "is_foreground", lambda _fd: True)
        self.reactor.advance(0.2)
        self.assertEqual(made[0].greeting[-1], "joined as s2 on port 9001")
        self.reactor.advance(0.2)
        self.assertEqual(len(made), 1)

    def test_stopped_in_the_background(self) -> None:
        """A job that ends in the background leaves no timer behind."""
        self.patch(os, "isatty", lambda _descriptor: True)
        self.patch(service, "is_foreground", lambda _fd: False)
        self.service.startService()
        (hook, args, kwargs) = self.reactor.whenRunningHooks[0]
        hook(*args, **kwargs)
        self.service.stopService()
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_stopped_before(self) -> None:
        """A daemon that stops before its reactor ran has nothing to close."""
        self.service.startService()
        self.service.announce("nobody hears this")
        self.assertIsNone(self.service.stopService())
        (hook, args, kwargs) = self.reactor.whenRunningHooks[0]
        hook(*args, **kwargs)
        self.assertEqual(self.reactor.readers, set())
