"""Listen on TCP for very many that connect at once, or say why a daemon cannot."""

import errno
from pathlib import Path
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import (
    IListeningPort,
    IProtocolFactory,
    IStreamServerEndpoint,
)
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Port
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.runtime.addresses import not_here
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.reactor import Reactor

_BACKLOG: Final = 1_024

_EXITS: Final = {errno.EADDRINUSE: Exit.CONFLICT, errno.EACCES: Exit.REFUSED}

_REASONS: Final = {
    errno.EADDRINUSE: "another program listens there; is it a daemon of yours? See p2p ready;"
    " --listen names another port",
    errno.EACCES: "this user may not; choose a port from 1024 on",
    # Of those that begin with fe80, which others could not dial.
    errno.EINVAL: "that address is of use on one cable alone; name another one of this machine",
}


class ListeningService(Service):
    """
    Listens from before privileges are dropped until the daemon stops.

    :param endpoint: as :func:`serverFromString` takes it: ``tcp:9011``.
    """

    def __init__(self, reactor: Reactor, endpoint: str, factory: IProtocolFactory) -> None:
        self._endpoint = serverFromString(reactor, _with_backlog(endpoint))
        self._description = endpoint
        self._factory = factory
        self._port: IListeningPort | None = None

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that it listens on, once it does."""
        assert self._port is not None
        bound: Any = self._port.getHost()
        return bound.host, bound.port

    @override
    def privilegedStartService(self) -> None:
        """
        Listen.

        :raises CannotStart: when it cannot.
        """
        super().privilegedStartService()
        self._port = _listen_at(self._endpoint, self._factory, self._description)

    @override
    def startService(self) -> None:
        super().startService()
        # twist does not call privilegedStartService.
        if self._port is None:
            self.privilegedStartService()

    @override
    async def stopService(self) -> None:
        await maybeDeferred(super().stopService)
        if self._port is not None:
            port, self._port = self._port, None
            await maybeDeferred(port.stopListening)


def listen(reactor: Reactor, host: str, port: int, factory: IProtocolFactory) -> IListeningPort:
    """
    Listen on a TCP port, with a backlog for many peers that connect at once.

    :raises CannotListenError: when the port is taken, or may not be used.
    """
    bound: IListeningPort = reactor.listenTCP(port, factory, backlog=_BACKLOG, interface=host)
    return bound


def listen_unix(reactor: Any, path: Path, factory: IProtocolFactory) -> IListeningPort:
    """
    Listen on a socket of this user's own, also where a daemon that was killed has left it.

    :raises OSError: when there can be none; or :class:`CannotListenError`.
    """
    path.unlink(missing_ok=True)
    bound: IListeningPort = reactor.listenUNIX(str(path), factory, mode=0o600)
    return bound


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
        _listen_at(serverFromString(trial, endpoint), Factory(), endpoint)


def _listen_at(endpoint: IStreamServerEndpoint, factory: IProtocolFactory, description: str) -> Any:
    """
    Listen at an endpoint with a socket of its own, which does so at once.

    :raises CannotStart: when it cannot.
    """
    outcome: list[Any] = []
    endpoint.listen(factory).addBoth(outcome.append)
    [result] = outcome
    if isinstance(result, Failure):
        raise _cannot_listen(description, result)
    return result


def _cannot_listen(description: str, failure: Failure) -> CannotStart:
    """Make the error of a daemon that cannot listen at an endpoint that was described."""
    cause = getattr(failure.value, "socketError", failure.value)
    number = getattr(cause, "errno", 0)
    reason = _REASONS.get(number) or getattr(cause, "strerror", None) or str(cause)
    if number == errno.EADDRNOTAVAIL:
        reason = not_here(getattr(failure.value, "interface", ""))
    exit_ = _EXITS.get(number, Exit.USAGE)
    return CannotStart(f"cannot listen on {description}: {reason}", exit_)


def _with_backlog(endpoint: str) -> str:
    """Ask for a longer backlog than Twisted's 50, unless the user chose one."""
    if endpoint.startswith(("tcp:", "tcp6:")) and ":backlog=" not in endpoint:
        return f"{endpoint}:backlog={_BACKLOG}"
    return endpoint
