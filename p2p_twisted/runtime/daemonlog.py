"""Where a daemon's log goes: bounded in what is written and in what is kept."""

import sys
from typing import Final

from attrs import define
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


@define
class Destination:
    """
    What the daemon's options say about its log.

    :ivar path: of its file, which is moved aside whenever it has 10 MB, with the
        last five kept; ``None`` or ``-`` for standard output.
    :ivar is_verbose: whether single messages are logged, too; a stranger can cause any
        number of those.
    """

    path: str | None = None
    is_verbose: bool = False

    def observer(self) -> ILogObserver:
        """Make the observer that writes the log."""
        if self.path in (None, "", "-"):
            lines = textFileLogObserver(sys.stdout)
        else:
            log = LogFile.fromFullPath(self.path, _ROTATED_BYTES, maxRotatedFiles=_ROTATED_FILES)
            lines = textFileLogObserver(log)
        least = LogLevel.debug if self.is_verbose else LogLevel.info
        return FilteringLogObserver(lines, [LogLevelFilterPredicate(least)])


destination: Final = Destination()
"""Of this process: twistd takes an observer only by its name in a module."""

OBSERVER: Final = f"{__name__}.destination.observer"
"""That name."""
