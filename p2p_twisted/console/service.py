"""Attach a console to standard input and output, where there is anybody."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.stdio import StandardIO
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.console.console import Console, ConsoleConfig
from p2p_twisted.console.plain_console import PlainConsole
from p2p_twisted.console.raw_mode import RawMode, is_foreground
from p2p_twisted.console.terminal_console import TerminalConsole
from p2p_twisted.console.verdicts import Verdicts
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.runtime.reactor import ThreadingReactor

_STDIN: Final = 0
_STDOUT: Final = 1


def stdin_is_ours() -> bool:
    """
    Return whether a console may use standard input and output.

    It may not where either was closed, because its number is some other file's
    by now; nor in the background of a terminal, where reading would suspend the
    whole process.
    """
    # The originals: twistd replaces what is written to by its log.
    if sys.__stdin__ is None or sys.__stdout__ is None:
        return False
    return not os.isatty(_STDIN) or is_foreground(_STDIN)


class ConsoleService(Service):
    """
    A peer's console.

    :param reactor: provides time, file descriptors and ``callWhenRunning``.
    :param on_leave: is called when the peer has left the network at the word of
        this console, and its last answer has been written.
    :param greeting: what to show first, after who this is.
    :param verdicts_fd: a file descriptor to tell how each line ended.
    """

    log = Logger()
    name = "console"

    def __init__(
        self,
        reactor: ThreadingReactor,
        peer: IPeer,
        name: str,
        on_leave: Callable[[], None],
        *,
        greeting: Sequence[str] = (),
        verdicts_fd: int | None = None,
    ) -> None:
        self._reactor = reactor
        self._console: Console | None = None
        self._on_leave = on_leave
        self._config = ConsoleConfig(
            clock=reactor,
            peer=peer,
            name=name,
            greeting=(f"this is {name}; type help for what it can do", *greeting),
            tell=_tell_nobody if verdicts_fd is None else Verdicts(verdicts_fd).tell,
            on_leave=self._left,
            encoding=getattr(sys.__stdout__, "encoding", None) or "utf-8",
        )

    @override
    def startService(self) -> None:
        super().startService()
        # Not before: twistd may still fork.
        self._reactor.callWhenRunning(self._attach)

    @override
    def stopService(self) -> "Deferred[None] | None":
        super().stopService()
        if self._console is None:
            return None
        self._console.close()
        return self._console.closed

    def announce(self, text: str) -> None:
        """Show what happened by itself."""
        if self._console is not None:
            self._console.say([text])

    def _attach(self) -> None:
        if self.running and stdin_is_ours():
            self._console = self._make_console()
            StandardIO(self._console, reactor=self._reactor)

    def _make_console(self) -> Console:
        is_typed = os.isatty(_STDIN)
        if is_typed and os.isatty(_STDOUT) and os.environ.get("TERM", "dumb") != "dumb":
            mode = RawMode(_STDIN)
            return TerminalConsole(self._config, mode, self._reactor.callFromThread)
        return PlainConsole(self._config, leaves_at_end=is_typed)

    def _left(self) -> None:
        if self.running:
            self._on_leave()


def _tell_nobody(_is_ok: bool) -> None:
    """Stand where no script asked for results."""
