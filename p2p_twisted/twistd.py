"""What both daemons need to live well under twistd."""

import atexit
import gc
import os
import resource
import signal
import socket
import stat
import sys
import time
from contextlib import suppress
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.python.usage import Options
from typing_extensions import override

from p2p_twisted.daemonlog import OBSERVER, destination
from p2p_twisted.threads import WorkerPool

_BACKLOG: Final = 1_024
_TWISTD_PIDFILE: Final = "twistd.pid"

_log = Logger()


class CannotStart(Exception):
    """What keeps a daemon from running, in one sentence for whoever started it."""


class DaemonOptions(Options):
    """
    Options of a daemon that shares its directory with other daemons.

    Left to itself, twistd lets two daemons of one directory clash on their pid
    file, and logs into what the person types. Where neither was chosen: a pid
    file only for a daemon in the background, and a log file there and where a
    prompt is on the terminal, both named after :meth:`stem`.

    :cvar has_prompt: whether the terminal is for a conversation, not for the log.
    """

    has_prompt = True

    optFlags = [["verbose", None, "Log every message, too."]]

    def stem(self) -> str:
        """Name this daemon's files: ``p2ppeer-s1``."""
        raise NotImplementedError

    @override
    def postOptions(self) -> None:
        twistd = self.parent
        # There is none in tests, and twist has no files.
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
    Listen from before privileges are dropped until the daemon stops.

    :param endpoint: as :func:`serverFromString` takes it: ``tcp:9011``.
    """

    def __init__(self, reactor: Any, endpoint: str, factory: IProtocolFactory) -> None:
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
        # What listens on a socket of its own does so at once.
        [result] = outcome
        if isinstance(result, Failure):
            raise CannotStart(f"cannot listen on {self._description}: {_reason(result)}")
        self._port = result

    @override
    def startService(self) -> None:
        super().startService()
        # twist knows no privileges.
        if self._port is None:
            self.privilegedStartService()

    @override
    async def stopService(self) -> None:
        await maybeDeferred(super().stopService)
        if self._port is not None:
            port, self._port = self._port, None
            await maybeDeferred(port.stopListening)


class WorkerService(Service):
    """
    Run a pool's threads from after the fork until nobody can need them any more.

    They end when all other services have stopped, in whatever order these do.
    """

    def __init__(self, reactor: Any, pool: WorkerPool) -> None:
        self._reactor = reactor
        self._pool = pool

    @override
    def startService(self) -> None:
        super().startService()
        # Not at once: if another service cannot start, threads would keep the process alive.
        self._reactor.callWhenRunning(self._pool.start)
        self._reactor.addSystemEventTrigger("after", "shutdown", self._pool.stop)


class ExitCode:
    """
    Let the daemon's exit code tell of a failure: twistd itself knows no other than 0.

    To be made before anything else wants to be called at exit, so that it comes last.
    """

    def __init__(self) -> None:
        self._code = 0
        atexit.register(self._exit)

    def fail(self, reason: str) -> None:
        """Tell whoever started the daemon why it ends, which is the caller's to bring about."""
        self._code = 1
        _complain(reason)

    def _exit(self) -> None:
        if self._code:
            for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(self._code)


def listen(reactor: Any, host: str, port: int, factory: IProtocolFactory) -> IListeningPort:
    """
    Listen on a TCP port, with room for a crowd that comes at once.

    :raises CannotListenError: when the port cannot be had.
    """
    bound: IListeningPort = reactor.listenTCP(port, factory, backlog=_BACKLOG, interface=host)
    return bound


def prepare(reactor: Any) -> None:
    """Make this process a good daemon, before it sets the first timer."""
    use_monotonic_clock(reactor)
    stop_at_most_once(reactor)
    raise_file_limit()
    sys.excepthook = _report
    _never_wait_for_a_reader(reactor)
    _stop_on_hangup(reactor)
    reactor.callWhenRunning(spare_what_stays)


def use_monotonic_clock(reactor: Any) -> None:
    """
    Let no timer fire early, late or never because somebody set the clock.

    To be called before the first timer is set: Twisted's own clock is the wall's.
    """
    reactor.seconds = time.monotonic


def stop_at_most_once(reactor: Any) -> None:
    """
    Take no second call to stop for an error.

    A word from the network and a signal may both end a daemon, in one instant.
    """
    stop = reactor.stop

    def stop_unless_stopped() -> None:
        with suppress(ReactorNotRunning):
            stop()

    reactor.stop = stop_unless_stopped


def spare_what_stays() -> None:
    """
    Never again look for garbage in what has been loaded by now, and stays to the end.

    The reactor waits meanwhile: for 50,000 objects, a collection took 40 ms.
    """
    gc.collect()
    gc.freeze()


def raise_file_limit() -> None:
    """Let this process hold as many connections and files as it may."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError) as error:
        # macOS has an unlimited hard limit that it does not take.
        _log.debug("the limit of open files stays: {error}", error=error)


def open_files_limit() -> int:
    """Tell how many connections and files this process may hold."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def notify(state: str) -> None:
    """
    Tell the service manager how we are; where there is none, do nothing.

    :param state: lines as in ``sd_notify(3)``: ``READY=1``.
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setblocking(False)
        try:
            manager.sendto(state.encode(), address)
        except OSError as error:
            _log.warn("cannot notify the service manager: {error}", error=error)


def _with_backlog(endpoint: str) -> str:
    """Ask for the room that Twisted's 50 would not give, unless the user asked for some."""
    if endpoint.startswith(("tcp:", "tcp6:")) and ":backlog=" not in endpoint:
        return f"{endpoint}:backlog={_BACKLOG}"
    return endpoint


def _report(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    """Print no traceback for what whoever started the daemon can mend."""
    if not issubclass(kind, CannotStart):
        sys.__excepthook__(kind, error, trace)
        return
    _complain(str(error))


def _complain(reason: str) -> None:
    _log.critical("{reason}", reason=reason)
    # sys.stderr is the log by now.
    if sys.__stderr__ is not None:
        sys.__stderr__.write(f"{reason}\n")


def _reason(failure: Failure) -> str:
    cause = getattr(failure.value, "socketError", failure.value)
    return getattr(cause, "strerror", None) or str(cause)


def _never_wait_for_a_reader(reactor: Any) -> None:
    """Lose log lines, rather than freeze, when nobody reads the pipe they go to."""
    if sys.stdout is not None:
        output = sys.stdout.fileno()
        mode = os.fstat(output).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            os.set_blocking(output, False)
            # Twisted lets it wait again when it closes a console, and logs its end after that.
            reactor.addSystemEventTrigger("after", "shutdown", os.set_blocking, output, False)


def _stop_on_hangup(reactor: Any) -> None:
    """Stop in order when the terminal is closed, unless whoever started us said not to."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(reactor.stop))
