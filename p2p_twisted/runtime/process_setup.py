"""What a daemon sets once in its process, before it sets the first timer."""

import atexit
import gc
import os
import signal
import stat
import sys
import time
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, Final

from twisted.internet.error import ReactorNotRunning

from p2p_twisted.runtime.daemonlog import destination
from p2p_twisted.runtime.exit_code import complaints, report_uncaught
from p2p_twisted.runtime.file_limit import raise_file_limit

_STDIN: Final = 0
# Python's own is 700, which are those of thirty connections. With ten times as many, a registry
# that strangers flood with handshakes grows by 76 MB instead of 21.
_YOUNG_OBJECTS: Final = 5_000
_OUTPUTS: Final = (1, 2)


def prepare(reactor: Any) -> None:
    """
    Make this process a good daemon.

    :param reactor: Twisted's own: some of its methods are replaced.
    """
    sys.excepthook = report_uncaught
    complaints.keep(reactor)
    use_monotonic_clock(reactor)
    stop_at_most_once(reactor)
    end_without_lookups(reactor)
    raise_file_limit()
    _never_wait_for_a_reader(reactor)
    _stop_on_hangup(reactor)
    _begin_log_when_asked(reactor)
    reactor.callWhenRunning(freeze_objects)


def use_monotonic_clock(reactor: Any) -> None:
    """
    Keep timers right when the system's clock is set: Twisted's own clock is the wall's.

    Call it before the first timer is set.
    """
    reactor.seconds = time.monotonic


def stop_at_most_once(reactor: Any) -> None:
    """
    Ignore a second call to stop.

    A word from the network and a signal may both end a daemon, in one instant.
    """
    stop = reactor.stop

    def stop_unless_stopped() -> None:
        with suppress(ReactorNotRunning):
            stop()

    reactor.stop = stop_unless_stopped


def end_without_lookups(reactor: Any) -> None:
    """
    End the process without waiting for names that are still being looked up.

    The reactor's own pool does nothing else, and the system's resolver may take half a minute.
    """
    pool = reactor.getThreadPool()
    pool.threadFactory = partial(Thread, daemon=True)
    pool.stop = lambda: None


def freeze_objects() -> None:
    """
    Take what there is by now, most of which stays for long, out of the garbage collector.

    A full collection pauses the reactor: with 50,000 objects it took 40 ms.
    """
    gc.collect()
    gc.freeze()


def collect_seldom() -> None:
    """
    Look for garbage only once thousands of objects are new, for a daemon of brief connections.

    What one leaves is found after it has ended, not looked at again and again while it lasts.
    """
    gc.set_threshold(_YOUNG_OBJECTS)


def _never_wait_for_a_reader(reactor: Any) -> None:
    """Lose log lines, rather than freeze, when the pipe they go to is not read."""
    for fd in filter(_is_pipe, _OUTPUTS):
        os.set_blocking(fd, False)
        # Twisted lets it wait again when it closes a console, and logs its end after that.
        reactor.addSystemEventTrigger("after", "shutdown", os.set_blocking, fd, False)
    atexit.register(give_back_pipes)
    # A daemon in the background has no pipes, and the process that forks it ends without exit.
    os.register_at_fork(after_in_child=give_back_pipes)


def give_back_pipes() -> None:
    """
    Let standard input and output block again; nothing more can be written to pipes then.

    A script's next command has the same pipes, and does not expect that they do not wait.
    """
    for stream in filter(None, (sys.__stdout__, sys.__stderr__)):
        with suppress(OSError, ValueError):
            stream.flush()
    for fd in (_STDIN, *_OUTPUTS):
        with suppress(OSError):
            os.set_blocking(fd, True)
        if _is_pipe(fd):
            # What Python still has to write would now wait for a reader.
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, fd)
            os.close(nowhere)


def _is_pipe(fd: int) -> bool:
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _stop_on_hangup(reactor: Any) -> None:
    """Stop in order when the terminal is closed, unless the person who started us said not to."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(reactor.stop))


def _begin_log_when_asked(reactor: Any) -> None:
    """Begin another log file when told so by SIGUSR1, as every twistd does."""
    if signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
        begin = destination.begin_file
        signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(begin))
