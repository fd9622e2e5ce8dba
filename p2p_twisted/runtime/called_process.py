"""What another process does that calls a function for this one: see :class:`WorkerProcess`."""

import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from p2p_twisted.runtime.parallel_map import NICER


def answer_all(fd: int, idle_seconds: float) -> None:
    """
    Import the function that is sent first; then call those that are sent, each with its item.

    :param fd: of a socket: what is sent and returned is pickled.
    :param idle_seconds: returns when nothing is sent for so long, or nothing can be any more.
    """
    # Ctrl-C is sent to all processes of a terminal: whoever asks decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(NICER)
    with Connection(fd) as connection, suppress(EOFError, OSError):
        connection.recv()
        connection.send(None)
        readable = select.poll()
        readable.register(connection, select.POLLIN)
        while readable.poll(1000 * idle_seconds):
            connection.send(_outcome(*connection.recv()))


def _outcome(function: Callable[[Any], Any], item: Any) -> tuple[Any, Exception | None]:
    try:
        return function(item), None
    except Exception as error:
        return None, error


if __name__ == "__main__":
    answer_all(int(sys.argv[1]), float(sys.argv[2]))
