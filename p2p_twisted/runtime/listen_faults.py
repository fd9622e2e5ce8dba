"""Say why a daemon cannot listen, and with which exit code it ends then."""

import errno
from typing import Any, Final

from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Port
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


class _Trial:
    """What an endpoint takes for a reactor: it binds the endpoint's address, and lets it go."""

    def listenTCP(  # noqa: N802
        self, port: int, factory: Factory, backlog: int = 0, interface: str = ""
    ) -> None:
        """Bind, and close."""
        with Port(port, factory, interface=interface).createInternetSocket() as tried:
            try:
                tried.bind((interface, port))
            except OSError as error:
                raise CannotListenError(interface, port, error) from None


def check_free(endpoint: str) -> None:
    """
    Find out whether a daemon could listen, before it does what cannot be undone; blocks.

    :param endpoint: as :func:`serverFromString` takes it; of systemd there is nothing to find out.
    :raises CannotStart: when it could not.
    """
    if endpoint.startswith(("tcp:", "tcp6:")):
        trial: Any = _Trial()
        outcome: list[Any] = []
        serverFromString(trial, endpoint).listen(Factory()).addBoth(outcome.append)
        if isinstance(outcome[0], Failure):
            raise cannot_listen(endpoint, outcome[0])
