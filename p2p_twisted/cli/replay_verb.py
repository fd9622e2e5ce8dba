"""``p2p replay``: play a recording in the browser."""

import sys
from pathlib import Path
from typing import Any

from twisted.internet.error import CannotListenError

from p2p_twisted.cli.web_verb import show_page
from p2p_twisted.recording.recorded_run import RecordedRun, Unplayable, read_run
from p2p_twisted.recording.replay_page import ReplayPage
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.threads import WorkerPool


def replay(path: Path, only_url: bool) -> int:
    """
    Serve the page until it is interrupted.

    :param only_url: whether its address is written, instead of being opened.
    """
    if sys.stderr.isatty():
        sys.stderr.write(f"reading {path}\n")
    try:
        run = read_run(path)
    except (Unplayable, OSError) as error:
        sys.stderr.write(f"{in_words(error)}\n")
        return Exit.DISK
    try:
        return _serve(run, path, only_url)
    finally:
        run.close()


def _serve(run: RecordedRun, path: Path, only_url: bool) -> int:
    from twisted.internet import reactor as the_reactor

    reactor: Any = the_reactor
    pool = WorkerPool(reactor, "replay")
    page = ReplayPage(run, pool)
    try:
        page.open(reactor)
    except CannotListenError as error:
        sys.stderr.write(f"cannot listen for a browser: {error}\n")
        return Exit.UNEXPECTED
    reactor.callWhenRunning(pool.start)
    reactor.addSystemEventTrigger("after", "shutdown", pool.stop)
    show_page(page.address(), f"the recording {path}", only_url)
    if run.damaged:
        sys.stderr.write(f"{run.damaged:,} lines are none of a recording, and left out\n")
    if sys.stderr.isatty():
        sys.stderr.write("Ctrl-C ends it\n")
    reactor.run()
    return Exit.DONE
