"""What both daemons need under twistd: options, and services that start and stop."""

import sys
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IReactorCore
from twisted.python.failure import Failure
from twisted.python.usage import Options
from typing_extensions import override

from p2p_twisted.runtime.daemonlog import OBSERVER, destination
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.threads import WorkerPool

_BACKLOG: Final = 1_024
_TWISTD_PIDFILE: Final = "twistd.pid"


class DaemonOptions(Options):
    """
    Options of a daemon that shares its directory with other daemons.

    By default, twistd lets two daemons of one directory clash on their pid file, and logs
    into what the person types. Unless a person chose otherwise, a daemon in the background
    has a pid file, and a daemon there or with a prompt on the terminal a log file, both
    named after :meth:`stem`.

    :cvar has_prompt: whether the terminal is for a conversation, not for the log.
    """

    has_prompt = True

    optFlags = [["verbose", None, "Log every message, too."]]

    def stem(self) -> str:
        """Return the name of this daemon's files, without suffix: ``p2ppeer-s1``."""
        raise NotImplementedError

    @override
    def postOptions(self) -> None:
        twistd = self.parent
        # In tests there is no parent, and twist has no files.
        if twistd is None or "pidfile" not in twistd:
            return
        in_foreground = twistd["nodaemon"] or twistd["debug"]
        if twistd["pidfile"] == _TWISTD_PIDFILE:
            twistd["pidfile"] = "" if in_foreground else f"{self.stem()}.pid"
        is_log_chosen = twistd["logfile"] or twistd["logger"] or twistd["syslog"]
        is_prompting = self.has_prompt and sys.stdout is not None and sys.stdout.isatty()
        if not is_log_chosen and (is_prompting or not in_foreground):
            twistd["logfile"] = f"{self.stem()}.log"
        if not (twistd["logger"] or twistd["syslog"]):
            destination.path = twistd["logfile"]
            destination.is_verbose = bool(self["verbose"])
            twistd["logger"] = OBSERVER


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

        :raises CannotStart: when it cannot; twistd then exits with 1.
        """
        super().privilegedStartService()
        outcome: list[Any] = []
        self._endpoint.listen(self._factory).addBoth(outcome.append)
        # An endpoint with a socket of its own listens at once.
        [result] = outcome
        if isinstance(result, Failure):
            raise CannotStart(f"cannot listen on {self._description}: {_reason(result)}")
        self._port = result

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


class WorkerService(Service):
    """Runs a pool's threads from after the fork until all other services have stopped."""

    def __init__(self, reactor: IReactorCore, pool: WorkerPool) -> None:
        self._reactor = reactor
        self._pool = pool

    @override
    def startService(self) -> None:
        super().startService()
        # Not at once: if another service cannot start, threads would keep the process alive.
        self._reactor.callWhenRunning(self._pool.start)
        self._reactor.addSystemEventTrigger("after", "shutdown", self._pool.stop)


def listen(reactor: Reactor, host: str, port: int, factory: IProtocolFactory) -> IListeningPort:
    """
    Listen on a TCP port, with a backlog for many peers that connect at once.

    :raises CannotListenError: when the port is taken, or may not be used.
    """
    bound: IListeningPort = reactor.listenTCP(port, factory, backlog=_BACKLOG, interface=host)
    return bound


def _with_backlog(endpoint: str) -> str:
    """Ask for a longer backlog than Twisted's 50, unless the user chose one."""
    if endpoint.startswith(("tcp:", "tcp6:")) and ":backlog=" not in endpoint:
        return f"{endpoint}:backlog={_BACKLOG}"
    return endpoint


def _reason(failure: Failure) -> str:
    cause = getattr(failure.value, "socketError", failure.value)
    return getattr(cause, "strerror", None) or str(cause)
