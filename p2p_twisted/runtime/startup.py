"""What a daemon sets once in its process, whom it tells how it is, and how it ends."""

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
from typing import Any

from twisted.internet.error import ReactorNotRunning
from twisted.logger import Logger

_log = Logger()


class CannotStart(Exception):
    """What keeps a daemon from running, in one sentence for whoever started it."""


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
