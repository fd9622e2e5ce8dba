"""Call functions in another Python process: of this one's threads, one runs at a time."""

import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from socket import SO_SNDBUF, SOL_SOCKET, socket
from threading import Thread
from typing import Any, Final

from p2p_twisted.runtime import called_process

# Some KiB, in memory of the system; Linux has room for sixteen, macOS for less than one.
_ANSWER_BYTES: Final = 12 << 10
_ALWAYS: Final = 2

Call = tuple[Callable[[Any], Any], Any]
"""A function, and the item to call it with."""


class WorkerLost(Exception):
    """The process has ended, and answers no more."""


class WorkerProcess:
    """
    A process that calls functions of modules, at low priority.

    Functions, items and results are pickled, and should have some KiB at most. It is not asked
    for more than it can answer while nobody reads its answers: otherwise each could wait for the
    other. It ends by itself once it was asked nothing for a while, or with this process. Its
    methods are called by one thread at a time.

    :param function: is imported before the process is ready.
    :param idle_seconds: how long that while is.
    :raises OSError: when none can be started.
    :ivar is_of_use: whether it has ever answered.
    """

    def __init__(self, function: Callable[[Any], Any], idle_seconds: float) -> None:
        self._asked = deque[tuple[int, Call]]()
        self._is_ready = False
        self.is_of_use = False
        self._connection, theirs = Pipe()
        # To have the connection look for itself takes twenty times as long.
        self._readable = select.poll()
        self._readable.register(self._connection, select.POLLIN)
        with theirs:
            self._most = max(_room_for_answers(theirs), _ALWAYS)
            self._process = _start(theirs.fileno(), idle_seconds)
        # One that has ended stays in the system's table until it was waited for.
        self._waiting = Thread(target=self._process.wait, name="waiting", daemon=True)
        self._waiting.start()
        with suppress(OSError):
            self._connection.send(function)

    def takes_more(self, most: int) -> bool:
        """Return whether it is ready, or has ended, and was asked for fewer calls than so many."""
        if not self._is_ready and self._readable.poll(0):
            self._is_ready = True
            with suppress(WorkerLost):
                self._receive()
        return self._is_ready and len(self._asked) < min(most, self._most)

    def ask(self, place: int, call: Call) -> None:
        """Have it call a function with an item; the place is told with the result."""
        self._asked.append((place, call))
        # Where it is lost, that shows when it is to answer.
        with suppress(OSError):
            self._connection.send(call)

    def answers(self, waits: bool) -> Iterator[tuple[int, Any]]:
        """
        Yield places, each with what the function has returned.

        :param waits: whether to wait for all answers, and not only take those that are there.
        :raises WorkerLost: when it has ended.
        :raises Exception: what the function has raised.
        """
        while self._asked and (waits or self._readable.poll(0)):
            result, error = self._receive()
            self.is_of_use = True
            place, _call = self._asked.popleft()
            if error is not None:
                raise error
            yield place, result

    def stop(self) -> list[tuple[int, Call]]:
        """End it; return what it was asked for in vain."""
        self._connection.close()
        self._waiting.join()
        return list(self._asked)

    def _receive(self) -> Any:
        try:
            return self._connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerLost from error


def _room_for_answers(connection: Connection) -> int:
    with socket(fileno=os.dup(connection.fileno())) as pipe:
        return pipe.getsockopt(SOL_SOCKET, SO_SNDBUF) // _ANSWER_BYTES


def _start(fd: int, idle_seconds: float) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", called_process.__name__, str(fd), str(idle_seconds)],
        pass_fds=(fd,),
        # Modules are found there as here, however that was made so.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
