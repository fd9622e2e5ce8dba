"""
Consoles on the terminals of ``p2p console``, each over a connection of its own.

What the terminal's side sends comes in frames: a byte for what it is, the length of the rest in
two bytes, and the rest. ``w`` has the width of the terminal in cells, and is the first; ``k`` has
keys. What is sent to it is written to the terminal as it is.
"""

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.console.console import ConsoleConfig
from p2p_twisted.console.history_file import HistoryFile
from p2p_twisted.console.raw_mode import Notice
from p2p_twisted.console.terminal_console import TerminalConsole
from p2p_twisted.runtime.listening import listen_unix
from p2p_twisted.runtime.os_errors import in_words

HEAD: Final = struct.Struct(">cH")
WIDTH: Final = b"w"
KEYS: Final = b"k"
_AT_ONCE: Final = 32
_WIDEST: Final = 10_000
_USUAL_WIDTH: Final = 80


class RemoteMode:
    """
    The mode of a terminal that is somewhere else: its own side sets it.

    :ivar width: as that side has said.
    """

    is_foreground = True

    def __init__(self) -> None:
        self.width = _USUAL_WIDTH

    def enter(self, stopping: Notice, continued: Notice) -> None:
        """Do nothing."""

    def suspend(self) -> None:
        """Do nothing."""

    def resume(self) -> None:
        """Do nothing."""

    def leave(self) -> None:
        """Do nothing."""


class AttachedConsole(TerminalConsole):
    """A console whose end is not that of the peer; only the command ``leave`` is."""

    again = "all of that goes on without this console: Ctrl-C again to close it"

    @override
    def leave(self) -> None:
        self.close()


class Attachment(Protocol):
    """
    Reads frames, and gives them to a console.

    :ivar console: from the first frame on.
    """

    transport: Any

    def __init__(self, consoles: "ConsoleSocket") -> None:
        self._consoles = consoles
        self.console: AttachedConsole | None = None
        self._mode = RemoteMode()
        self._unread = b""

    @override
    def connectionMade(self) -> None:
        if not self._consoles.admits(self):
            self.transport.abortConnection()

    @override
    def dataReceived(self, data: bytes) -> None:
        data = self._unread + data
        at = 0
        while len(data) - at >= HEAD.size:
            kind, length = HEAD.unpack_from(data, at)
            end = at + HEAD.size + length
            if len(data) < end:
                break
            self._received(kind, data[at + HEAD.size : end])
            at = end
        self._unread = data[at:]

    def _received(self, kind: bytes, rest: bytes) -> None:
        if kind == WIDTH and rest.isdigit() and 0 < int(rest[:6]) <= _WIDEST:
            self._mode.width = int(rest[:6])
            if self.console is None:
                self.console = self._consoles.make_console(self._mode)
                self.console.makeConnection(self.transport)
        elif kind == KEYS and self.console is not None:
            self.console.dataReceived(rest)
        else:
            self.transport.abortConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._consoles.attached.discard(self)
        if self.console is not None:
            self.console.connectionLost(reason)


class ConsoleSocket(Service, Factory):
    """
    Lets consoles be attached, for as long as the peer runs.

    :param place: makes the path of the socket, once the process has its number.
    :param config: of each console, but for its terminal.
    :param history: opens the history of one more console.
    :param is_own: returns whether a connection is one of this user.
    """

    log = Logger()
    noisy = False

    def __init__(
        self,
        reactor: Any,
        place: Callable[[], Path],
        config: ConsoleConfig,
        history: Callable[[], HistoryFile],
        is_own: Callable[[Any], bool],
    ) -> None:
        self.attached: set[Attachment] = set()
        self._reactor = reactor
        self._place = place
        self._history = history
        self._is_own = is_own
        self._port: IListeningPort | None = None
        greeting = (
            *config.greeting,
            f"it runs in {os.getcwd()}, where its paths begin",
            "Ctrl-D closes this console, and leave ends the peer",
        )
        self._config = attrs.evolve(config, greeting=greeting, encoding="utf-8")

    @override
    def startService(self) -> None:
        super().startService()
        self._reactor.callWhenRunning(self._listen)

    @override
    async def stopService(self) -> None:
        super().stopService()
        consoles = [each.console for each in self.attached if each.console is not None]
        for console in consoles:
            console.close()
        closed: list[Deferred[Any]] = [console.closed for console in consoles]
        if self._port is not None:
            stopped = self._port.stopListening()
            closed += [] if stopped is None else [stopped]
        await DeferredList(closed)

    @override
    def buildProtocol(self, addr: IAddress | None) -> Attachment:
        return Attachment(self)

    def announce(self, text: str) -> None:
        """Show a line about an event that no command caused."""
        for each in self.attached:
            if each.console is not None:
                each.console.say([text])

    def admits(self, attachment: Attachment) -> bool:
        """Return whether a connection may have a console, and take it in if so."""
        if len(self.attached) >= _AT_ONCE or not self._is_own(attachment.transport):
            return False
        self.attached.add(attachment)
        return True

    def make_console(self, mode: RemoteMode) -> AttachedConsole:
        """Make a console for a terminal."""
        return AttachedConsole(self._config, mode, self._reactor.callFromThread, self._history())

    def _listen(self) -> None:
        if not self.running:
            return
        try:
            self._port = listen_unix(self._reactor, self._place(), self)
        except (OSError, CannotListenError) as error:
            self.log.warn("no console can be attached: {error}", error=in_words(error))
