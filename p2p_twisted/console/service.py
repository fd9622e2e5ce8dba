"""Attach a console to standard input and output, if they are usable."""

import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.stdio import StandardIO
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.console.console import Console, ConsoleConfig
from p2p_twisted.console.dumb_terminal import is_dumb
from p2p_twisted.console.history_file import HistoryFile
from p2p_twisted.console.plain_console import PlainConsole
from p2p_twisted.console.raw_mode import RawMode, is_foreground
from p2p_twisted.console.terminal_console import TerminalConsole
from p2p_twisted.console.text import FailureLine
from p2p_twisted.console.verdicts import Verdicts
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer.links_interface import ILinks
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.exit_code import complain
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words, why_unwritable
from p2p_twisted.runtime.reactor import ThreadingReactor

_STDIN: Final = 0
_STDOUT: Final = 1
_LOOK_SECONDS: Final = 0.2
_MISSED_LINES: Final = 20


def stdin_is_ours() -> bool:
    """
    Return whether a console may read standard input.

    It may not if that was closed, as its number then belongs to another file; nor in the
    background of a terminal, where reading would suspend the process. A person sees no answers
    where the output was closed; a script is served all the same.
    """
    # The originals, as twistd replaces sys.stdout by its log.
    if sys.__stdin__ is None:
        return False
    if not os.isatty(_STDIN):
        return True
    return sys.__stdout__ is not None and is_foreground(_STDIN)


def is_background_job() -> bool:
    """Return whether this runs on a terminal that the shell may give to it later."""
    return None not in (sys.__stdin__, sys.__stdout__) and os.isatty(_STDIN)


class ConsoleService(Service):
    """
    A peer's console.

    :param reactor: provides time, file descriptors and ``callWhenRunning``.
    :param links: to files, of this peer.
    :param on_leave: is called when the peer has left the network by a command of this console,
        and its last answer has been written, with how a script's lines ended.
    :param greeting: lines to show after the first, which names the peer.
    :param verdicts_fd: a file descriptor on which each line's verdict is written.
    :param leaves_at_end: whether the peer leaves at the end of the input on a pipe, too.
    :param has_next_run: whether what is not complete then goes on in a next run.
    :param history: where the lines typed at a terminal are kept.
    """

    log = Logger()
    name = "console"

    def __init__(
        self,
        reactor: ThreadingReactor,
        peer: IPeer,
        name: str,
        on_leave: Callable[[Exit], None],
        *,
        links: ILinks,
        greeting: Sequence[str] = (),
        verdicts_fd: int | None = None,
        history: HistoryFile | None = None,
        leaves_at_end: bool = False,
        has_next_run: bool = True,
    ) -> None:
        self._reactor = reactor
        self._console: Console | None = None
        self._waiting = Alarm(reactor, self._attach)
        self._missed: deque[str] = deque(maxlen=_MISSED_LINES)
        self._history = history
        self._on_leave = on_leave
        self._leaves_at_end = leaves_at_end
        self._config = ConsoleConfig(
            clock=reactor,
            peer=peer,
            links=links,
            name=name,
            greeting=(f"this is {name}; type help for what it can do", *greeting),
            tell=(lambda _is_ok: None) if verdicts_fd is None else Verdicts(verdicts_fd).tell,
            on_leave=self._left,
            # See no-color.org.
            has_color=not os.environ.get("NO_COLOR"),
            output_lost=_say_why_lost,
            encoding=getattr(sys.__stdout__, "encoding", None) or "utf-8",
            has_next_run=has_next_run,
        )

    @property
    def config(self) -> ConsoleConfig:
        """What further consoles of the peer need, but for a script's."""
        on_leave = partial(self._on_leave, Exit.DONE)
        return attrs.evolve(
            self._config,
            tell=lambda _is_ok: None,
            on_leave=on_leave,
            output_lost=lambda: Exit.UNEXPECTED,
        )

    @override
    def startService(self) -> None:
        super().startService()
        # Not earlier, as twistd may still fork.
        self._reactor.callWhenRunning(self._attach)

    @override
    def stopService(self) -> "Deferred[None] | None":
        super().stopService()
        self._waiting.stop()
        if self._console is None:
            return None
        self._console.close()
        return self._console.closed

    def show_failure(self, text: str) -> bool:
        """
        Show why the daemon ends, above the prompt if there is one.

        :returns: whether there is a prompt, into which nobody else should write.
        """
        if not isinstance(self._console, TerminalConsole):
            return False
        self._console.say([FailureLine(text)])
        return True

    def announce(self, text: str) -> None:
        """Show a line about an event that no command caused."""
        if self._console is not None:
            self._console.say([text])
        elif self._waiting.is_set:
            self._missed.append(text)

    def _attach(self) -> None:
        if not self.running:
            return
        if stdin_is_ours():
            self._config = attrs.evolve(
                self._config, greeting=(*self._config.greeting, *self._missed)
            )
            self._console = self._make_console()
            is_closed = sys.__stdout__ is None
            output = os.open(os.devnull, os.O_WRONLY) if is_closed else _STDOUT
            # Checkers of types take it for that of Windows, which has no such argument.
            attach: Any = StandardIO
            attach(self._console, stdout=output, reactor=self._reactor)
        elif is_background_job():
            # The shell sends no signal when it brings a running job to the foreground.
            self._waiting.set(_LOOK_SECONDS)

    def _make_console(self) -> Console:
        is_typed = os.isatty(_STDIN)
        if is_typed and os.isatty(_STDOUT) and not is_dumb():
            mode = RawMode(_STDIN, _STDOUT)
            call = self._reactor.callFromThread
            return TerminalConsole(self._config, mode, call, self._history)
        return PlainConsole(self._config, is_typed, self._leaves_at_end)

    def _left(self) -> None:
        if self.running and self._console is not None:
            self._on_leave(self._console.exit)


def _say_why_lost() -> Exit:
    """Say why standard output is lost, unless that is as nobody reads it; return an exit code."""
    error = why_unwritable(_STDOUT)
    if error is None:
        return Exit.UNEXPECTED
    complain(f"cannot write the output: {in_words(error)}")
    return Exit.DISK
