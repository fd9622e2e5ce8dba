"""How many connections and files this process may have open."""

import resource
import sys

from twisted.logger import Logger

_log = Logger()


def raise_file_limit() -> None:
    """Raise the limit as far as the administrator allows."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        # macOS has an unlimited hard limit that it does not take.
        _log.debug("the limit of open files stays: {error}", error=error)


def open_files_limit() -> int:
    """Return the limit."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
