"""How a daemon that fails says so: one sentence, and an exit code other than 0."""

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.logger import Logger

from p2p_twisted.runtime.exit_status import Exit

_log = Logger()


class CannotStart(Exception):
    """A daemon cannot run; the text says why, in one sentence for the person who started it."""


class ExitCode:
    """
    Gives the process its exit code: twistd itself knows no other than 0.

    Make it before anything else that is called at exit, so that it comes last.

    :param stop: stops the reactor.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._code = Exit.DONE
        atexit.register(self._exit)

    def end(self, code: Exit) -> None:
        """End the daemon with an exit code."""
        self._code = code
        self._stop()

    def give_up(self, reason: str, code: Exit, is_shown: bool = False) -> None:
        """
        Say why the daemon cannot go on, and end it.

        :param is_shown: whether the person has been shown it, so that the log alone is told.
        """
        _complain(reason, is_shown)
        self.end(code)

    def _exit(self) -> None:
        if self._code:
            for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(self._code)


def report_uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Report an exception as ``sys.excepthook`` does; :class:`CannotStart` without traceback."""
    if issubclass(kind, CannotStart):
        _complain(str(error))
    else:
        sys.__excepthook__(kind, error, trace)


def _complain(reason: str, is_shown: bool = False) -> None:
    # No more than an error: Twisted would print it here, too, while there is no log yet.
    _log.error("{reason}", reason=reason, is_said=True)
    # sys.stderr is the log by now.
    if sys.__stderr__ is not None and not is_shown:
        sys.__stderr__.write(f"{reason}\n")
