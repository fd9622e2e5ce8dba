"""How a daemon that fails says so: one sentence, and an exit code other than 0."""

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from twisted.logger import Logger

from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.service_manager import notify

_STDERR: Final = 2

_log = Logger()


class CannotStart(Exception):
    """
    A daemon cannot run; the text says why, in one sentence for the person who started it.

    :ivar exit: the exit code, unless twistd goes into the background by itself: then it is 1.
    """

    def __init__(self, reason: str, exit_: Exit = Exit.UNEXPECTED) -> None:
        super().__init__(reason)
        self.exit = exit_


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

    def give_up(self, reason: str, code: Exit, is_shown: bool) -> None:
        """
        Say why the daemon cannot go on, and end it.

        :param is_shown: whether the person has been shown it, so that the log alone is told.
        """
        complain(reason, is_shown)
        notify(f"STATUS={reason}\nEXIT_STATUS={code}")
        self.end(code)

    def _exit(self) -> None:
        if self._code:
            _exit_with(self._code)


class Complaints:
    """
    Says on standard error why a daemon ends.

    One that goes into the background has no standard error when it cannot start, and twistd
    says no more than half of the reason: so it is kept until the daemon runs.
    """

    def __init__(self) -> None:
        self._kept: int | None = None

    def keep(self, reactor: Any) -> None:
        """Keep standard error until the reactor runs: then nobody is to wait for its end."""
        with suppress(OSError):
            self._kept = os.dup(_STDERR)
            reactor.callWhenRunning(self._close)

    def say(self, reason: str) -> None:
        """Say why the daemon ends."""
        if self._kept is not None:
            with suppress(OSError):
                os.write(self._kept, f"{reason}\n".encode())
        elif sys.__stderr__ is not None:
            # sys.stderr is the log by now.
            sys.__stderr__.write(f"{reason}\n")

    def _close(self) -> None:
        if self._kept is not None:
            os.close(self._kept)
            self._kept = None


complaints: Final = Complaints()
"""Of this process."""


def report_uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Report an exception as ``sys.excepthook`` does; :class:`CannotStart` without traceback."""
    if isinstance(error, CannotStart):
        complain(str(error))
        # What waits for a daemon in the background has no other way to learn that.
        notify(f"EXIT_STATUS={int(error.exit)}")
        # Nothing has begun that others, called at exit after this, would have to end.
        atexit.register(_exit_with, error.exit)
    else:
        sys.__excepthook__(kind, error, trace)


def _exit_with(code: Exit) -> None:
    for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def complain(reason: str, is_shown: bool = False) -> None:
    """
    Say on standard error, and in the log, what is wrong.

    :param is_shown: whether the person has been shown it, so that the log alone is told.
    """
    # No more than an error: Twisted would print it here, too, while there is no log yet.
    _log.error("{reason}", reason=reason, is_said=True)
    if not is_shown:
        complaints.say(reason)
