"""Say why a daemon cannot listen, and with which exit code it ends then."""

import errno
from typing import Final

from twisted.python.failure import Failure

from p2p_twisted.runtime.addresses import not_here
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.exit_status import Exit

_EXITS: Final = {errno.EADDRINUSE: Exit.CONFLICT, errno.EACCES: Exit.REFUSED}

_REASONS: Final = {
    errno.EADDRINUSE: "another program listens there; is it a daemon of yours? See p2p ready",
    errno.EACCES: "this user may not; choose a port from 1024 on",
}


def cannot_listen(description: str, failure: Failure) -> CannotStart:
    """Make the error of a daemon that cannot listen at an endpoint that was described."""
    cause = getattr(failure.value, "socketError", failure.value)
    number = getattr(cause, "errno", 0)
    reason = _REASONS.get(number) or getattr(cause, "strerror", None) or str(cause)
    if number == errno.EADDRNOTAVAIL:
        reason = not_here(getattr(failure.value, "interface", ""))
    exit_ = _EXITS.get(number, Exit.USAGE)
    return CannotStart(f"cannot listen on {description}: {reason}", exit_)
