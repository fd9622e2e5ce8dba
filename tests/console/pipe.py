"""A console on a pipe in memory, for tests."""

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from p2p_twisted.console.console import ConsoleConfig
from p2p_twisted.console.plain_console import PlainConsole
from tests.console.fake_links import FakeLinks
from tests.console.fake_peer import FakePeer

GREETING = "this is s2\n"


class Pipe:
    """A console on a pipe, and all around it."""

    def __init__(
        self,
        encoding: str = "utf-8",
        is_typed: bool = False,
        leaves_at_end: bool = False,
        **config: Any,
    ) -> None:
        self.clock = Clock()
        self.peer = FakePeer()
        self.told: list[bool] = []
        self.left = 0
        self.transport = StringTransport()
        chosen = ConsoleConfig(
            clock=self.clock,
            peer=self.peer,
            links=FakeLinks(),
            name="s2",
            greeting=[GREETING.strip()],
            tell=self.told.append,
            on_leave=self._leave,
            encoding=encoding,
            **config,
        )
        self.console = PlainConsole(chosen, is_typed, leaves_at_end)
        self.console.makeConnection(self.transport)

    def type(self, text: str) -> None:
        """Write to its input."""
        self.console.dataReceived(text.encode())

    def printed(self) -> str:
        """Give what it printed since the last time."""
        text: str = self.transport.value().decode()
        self.transport.clear()
        return text

    def lose(self) -> None:
        """Take the whole pipe away."""
        self.console.connectionLost(Failure(ConnectionDone()))

    def _leave(self) -> None:
        self.left += 1
