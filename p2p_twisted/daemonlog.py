"""Where a daemon's log goes: bounded in what is written and in what is kept."""

import sys
from typing import Final

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    textFileLogObserver,
)
from twisted.python.logfile import LogFile

_ROTATED_BYTES: Final = 10_000_000
_ROTATED_FILES: Final = 5


def log_observer(path: str | None, is_verbose: bool) -> ILogObserver:
    """
    Make what writes a log.

    :param path: of its file, which is moved aside whenever it has 10 MB, with the
        last five kept; ``None`` or ``-`` for standard output.
    :param is_verbose: whether single messages are told of as well; a stranger can
        cause any number of those.
    """
    if path in (None, "", "-"):
        lines = textFileLogObserver(sys.stdout)
    else:
        log = LogFile.fromFullPath(path, _ROTATED_BYTES, maxRotatedFiles=_ROTATED_FILES)
        lines = textFileLogObserver(log)
    least = LogLevel.debug if is_verbose else LogLevel.info
    return FilteringLogObserver(lines, [LogLevelFilterPredicate(least)])
