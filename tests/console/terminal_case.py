"""A console on a terminal in memory, for tests."""

from collections.abc import Callable

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from p2p_twisted.console.console import ConsoleConfig
from p2p_twisted.console.terminal_console import TerminalConsole
from p2p_twisted.peer.interface import IPeer
from tests.console.fake_links import FakeLinks
from tests.console.fake_peer import FakePeer
from tests.console.virtual_terminal import VirtualTerminal

PROMPT = "s2 (2)> "


class FakeMode:
    """A terminal's mode, where there is no terminal."""

    def __init__(self) -> None:
        self.width = 60
        self.is_foreground = True
        self.history: list[str] = []
        self.stop: Callable[[], None]
        self.go_on: Callable[[], None]

    def enter(self, stopping: Callable[[], None], continued: Callable[[], None]) -> None:
        self.history.append("entered")
        self.stop, self.go_on = stopping, continued

    def suspend(self) -> None:
        self.history.append("suspended")

    def resume(self) -> None:
        self.history.append("resumed")

    def leave(self) -> None:
        self.history.append("left")


class Terminal:
    """
    A console on a terminal, and what a person sees of it.

    :param make: makes the console.
    """

    def __init__(self, make: type[TerminalConsole] = TerminalConsole) -> None:
        self.clock = Clock()
        self.peer = FakePeer()
        assert verifyObject(IPeer, self.peer)
        self.mode = FakeMode()
        self.told: list[bool] = []
        self.transport = StringTransport()
        self._shown = VirtualTerminal(self.mode.width)
        config = ConsoleConfig(
            clock=self.clock,
            peer=self.peer,
            links=FakeLinks(),
            name="s2",
            greeting=["this is s2"],
            tell=self.told.append,
            on_leave=lambda: self.mode.history.append("on_leave"),
        )
        self.console = make(config, self.mode, lambda function, *args: function(*args))
        self.console.makeConnection(self.transport)

    def type(self, text: str | bytes) -> None:
        """Press keys."""
        self.console.dataReceived(text if isinstance(text, bytes) else text.encode())

    @property
    def lines(self) -> list[str]:
        """What a person sees."""
        self._shown.write(self.transport.value())
        self.transport.clear()
        return self._shown.lines

    def lose(self) -> None:
        """Take the terminal away."""
        self.console.connectionLost(Failure(ConnectionDone()))


class TerminalCase(SynchronousTestCase):
    """Somebody sits at a terminal."""

    def setUp(self) -> None:
        self.terminal = Terminal()
        self.peer = self.terminal.peer
