"""How many connections and files this process may have open."""

import resource
import sys
from typing import Final

from twisted.logger import Logger

from p2p_twisted.runtime.exit_code import CannotStart

_LEAST_FILES: Final = 64
_USEFUL_FILES: Final = 1_024

_log = Logger()


def raise_file_limit() -> None:
    """
    Raise the limit as far as the administrator allows.

    :raises CannotStart: when a daemon could do nothing with so few.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        # macOS has an unlimited hard limit that it does not take.
        _log.debug("the limit of open files stays: {error}", error=error)
    if (limit := open_files_limit()) < _LEAST_FILES:
        raise CannotStart(
            f"only {limit} files and connections may be open, {_LEAST_FILES} are needed:"
            f" say ulimit -n {_USEFUL_FILES} first, or more"
        )


def open_files_limit() -> int:
    """Return the limit."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
