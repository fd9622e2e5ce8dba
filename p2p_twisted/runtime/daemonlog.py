"""Where a daemon's log goes: bounded in what is written and in what is kept."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TextIO

from attrs import define, field
from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogFilterPredicate,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    PredicateResult,
    eventAsText,
    formatEventAsClassicLogText,
    formatTime,
)
from twisted.python.logfile import LogFile
from zope.interface import provider

from p2p_twisted.runtime.amounts import count
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.json_log import json_observer
from p2p_twisted.runtime.os_errors import in_words

_TWISTED: Final = ("twisted.", "log_legacy")
_UNKEPT_PLUGINS: Final = "Unable to write to plugin cache"
_UNWRITTEN: Final = "{lines} could not be written to the log: {error}"
_ROTATED_BYTES: Final = 10_000_000
_ROTATED_FILES: Final = 5


@define
class Destination:
    """
    What the daemon's options say about its log.

    :ivar path: of its file, which is moved aside whenever it has 10 MB, with the
        last five kept; ``None`` for standard error, ``-`` for standard output.
    :ivar is_verbose: whether single messages are logged, too; a stranger can cause any
        number of those.
    :ivar is_quiet: whether nothing is logged but to a file.
    :ivar is_json: whether each line is an object of JSON, and not text.
    """

    path: str | None = None
    is_verbose: bool = False
    is_quiet: bool = False
    is_json: bool = False
    _file: Any = field(default=None, init=False)

    def observer(self) -> ILogObserver:
        """
        Make the observer that writes the log.

        :raises CannotStart: when its file cannot be written.
        """
        if self.path and self.path != "-":
            self._file = _log_file(self.path)
            lines = self._written_to(self._file)
        elif self.is_quiet:
            lines = _drop
        else:
            # Standard output is for what the console answers.
            stream = sys.stdout if self.path == "-" else sys.stderr
            lines = _drop if stream is None else _unsaid(self._written_to(stream, stream.isatty()))
        least = LogLevel.debug if self.is_verbose else LogLevel.info
        lines = _unbroken(lines, self._mend)
        return FilteringLogObserver(worded(lines), [_of_use, LogLevelFilterPredicate(least)])

    def begin_file(self) -> None:
        """Move the file aside, if there is one, and begin another; or where it was moved away."""
        if self._file is None:
            return
        # Where that fails, what is logged next has it tried again.
        with suppress(OSError):
            self._file.rotate()
            if os.access(self._file.directory, os.W_OK):
                self._file.reopen()

    def _mend(self) -> None:
        """Open a file again that could not be begun when the one before was moved aside."""
        if self._file is not None:
            self._file.reopen()

    def _written_to(self, file: TextIO, is_terminal: bool = False) -> ILogObserver:
        if self.is_json:
            return json_observer(file)
        if self.is_verbose or not is_terminal:
            return FileLogObserver(file, _for_files)
        return FileLogObserver(file, _for_people)


def worded(lines: Callable[[LogEvent], None]) -> ILogObserver:
    """Put the system's errors into words, wherever they are logged as ``error``."""

    def observe(event: LogEvent) -> None:
        error = event.get("error")
        lines({**event, "error": in_words(error)} if isinstance(error, OSError) else event)

    observer: ILogObserver = provider(ILogObserver)(observe)
    return observer


def _for_files(event: LogEvent) -> str | None:
    """Write the whole event: as Twisted does, which takes half as long again."""
    return formatEventAsClassicLogText(event, _date_and_time)


def _date_and_time(when: float | None) -> str:
    return formatTime(None) if when is None else _second(int(when))


@lru_cache(maxsize=1)
def _second(when: int) -> str:
    """Write a time; of one second, all lines have the same."""
    return formatTime(when)


def _for_people(event: LogEvent) -> str | None:
    """Write what somebody at a terminal reads: the time and the sentence, but for Twisted's own."""
    is_minor = event.get("log_level", LogLevel.info) <= LogLevel.info
    if is_minor and event.get("log_namespace", "").startswith(_TWISTED):
        return None
    return eventAsText(event, includeSystem=False, formatTime=_clock_time) + "\n"


def _clock_time(when: float | None) -> str:
    return time.strftime("%H:%M:%S", time.localtime(when))


def _unbroken(lines: Callable[[LogEvent], None], mend: Callable[[], None]) -> ILogObserver:
    """
    Leave out what cannot be written, as on a full disk, and say how much that was once it can.

    Twisted would log a traceback about it each time, to whatever else reads the log.

    :param mend: is called before what is to be written again.
    """
    unwritten: LogEvent = {}
    missing = 0

    def observe(event: LogEvent) -> None:
        nonlocal missing, unwritten
        try:
            if missing:
                mend()
                lines({**unwritten, "lines": count(missing, "line")})
                missing = 0
            lines(event)
        except (OSError, ValueError) as error:
            # ValueError: it is closed.
            missing += 1
            common = {key: event.get(key) for key in ("log_time", "log_system")}
            level = {"log_level": LogLevel.warn, "log_namespace": __name__}
            unwritten = {**common, **level, "log_format": _UNWRITTEN, "error": in_words(error)}

    observer: ILogObserver = provider(ILogObserver)(observe)
    return observer


def _unsaid(lines: ILogObserver) -> ILogObserver:
    """Leave out what is said on standard error anyway: why the daemon ends."""

    def observe(event: LogEvent) -> None:
        if not event.get("is_said"):
            lines(event)

    observer: ILogObserver = provider(ILogObserver)(observe)
    return observer


@provider(ILogFilterPredicate)
def _of_use(event: LogEvent) -> Any:
    """Leave out that twistd may not write its list of plugins: it looks through them instead."""
    is_no_use = str(event.get("format", "")).startswith(_UNKEPT_PLUGINS)
    return PredicateResult.no if is_no_use else PredicateResult.maybe


@provider(ILogObserver)
def _drop(_event: LogEvent) -> None:
    """Log nothing."""


def _log_file(path: str) -> Any:
    try:
        return LogFile.fromFullPath(path, _ROTATED_BYTES, maxRotatedFiles=_ROTATED_FILES)
    except OSError as error:
        raise CannotStart(
            f"the log cannot be written: {in_words(error)};"
            " say --logfile, or start in another directory",
            Exit.DISK,
        ) from None


def rotated(path: Path) -> list[Path]:
    """List where a log file is moved aside, whether that has happened or not."""
    return [path.with_name(f"{path.name}.{number}") for number in range(1, _ROTATED_FILES + 1)]


destination: Final = Destination()
"""Of this process: twistd takes an observer only by its name in a module."""

OBSERVER: Final = f"{__name__}.destination.observer"
"""That name."""
