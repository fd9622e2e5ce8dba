"""What a daemon sets once in its process, before it sets the first timer."""

import gc
import os
import signal
import stat
import sys
import time
from contextlib import suppress
from typing import Any

from twisted.internet.error import ReactorNotRunning

from p2p_twisted.runtime.exit_code import report_uncaught
from p2p_twisted.runtime.file_limit import raise_file_limit


def prepare(reactor: Any) -> None:
    """
    Make this process a good daemon.

    :param reactor: Twisted's own: two of its methods are replaced.
    """
    use_monotonic_clock(reactor)
    stop_at_most_once(reactor)
    raise_file_limit()
    sys.excepthook = report_uncaught
    _never_wait_for_a_reader(reactor)
    _stop_on_hangup(reactor)
    reactor.callWhenRunning(freeze_startup_objects)


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


def freeze_startup_objects() -> None:
    """
    Take what has been loaded by now, and stays to the end, out of the garbage collector.

    A full collection pauses the reactor: with 50,000 objects it took 40 ms.
    """
    gc.collect()
    gc.freeze()


def _never_wait_for_a_reader(reactor: Any) -> None:
    """Lose log lines, rather than freeze, when the pipe they go to is not read."""
    if sys.stdout is not None:
        output = sys.stdout.fileno()
        mode = os.fstat(output).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            os.set_blocking(output, False)
            # Twisted lets it wait again when it closes a console, and logs its end after that.
            reactor.addSystemEventTrigger("after", "shutdown", os.set_blocking, output, False)


def _stop_on_hangup(reactor: Any) -> None:
    """Stop in order when the terminal is closed, unless the person who started us said not to."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(reactor.stop))
