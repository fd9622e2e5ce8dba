"""Start daemons, wait until they are ready, and leave none behind."""

import os
import socket
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from p2p_twisted.cli.signals import Signals

READY_SECONDS: Final = 20.0
END_SECONDS: Final = 10.0
TAIL_LINES: Final = 12


class DaemonFailed(Exception):
    """A daemon did not become ready, or ended with an error; the message has the end of its log."""


class Daemon:
    """
    A process that reports by ``sd_notify(3)`` when it is ready.

    :ivar is_ready: whether it has reported so.
    """

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.is_ready = False
        self.log = directory / f"{name}.log"
        self._output = directory / f"{name}.out"
        self._socket_path = directory / f"{name}.ready"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._socket_path))
        self._socket.setblocking(False)

    def start(self, arguments: Sequence[str], **options: Any) -> None:
        """
        Start it; its output is written to a file, unless the options say otherwise.

        :param options: of :class:`subprocess.Popen`.
        """
        with self._output.open("wb") as output:
            defaults = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
            self.process = subprocess.Popen(
                arguments,
                env={**os.environ, "NOTIFY_SOCKET": str(self._socket_path)},
                **{**defaults, **options},
            )

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when it has sent a notification."""
        return self._socket.fileno()

    def take_notice(self) -> None:
        """Read a notification."""
        self.is_ready = self.is_ready or b"READY=1" in self._socket.recv(4096).splitlines()

    def said(self) -> list[str]:
        """Return the lines of its output."""
        return self._output.read_text(errors="replace").splitlines()

    def tail(self) -> str:
        """Return the last lines of its output and log."""
        lines: deque[str] = deque(maxlen=TAIL_LINES)
        for path in (self._output, self.log):
            if path.exists():
                lines.extend(path.read_text(errors="replace").splitlines())
        return "".join(f"\n  {line}" for line in lines)

    def close(self) -> None:
        """Close its socket."""
        self._socket.close()


class Daemons:
    """
    Starts daemons, and ends them all.

    :param directory: is created for their logs and sockets.
    """

    def __init__(self, directory: Path, signals: Signals) -> None:
        directory.mkdir()
        self._directory = directory
        self._signals = signals
        self._all: list[Daemon] = []

    def start(self, name: str, arguments: Sequence[str], **options: Any) -> Daemon:
        """Start a daemon: see :meth:`Daemon.start`."""
        daemon = Daemon(name, self._directory)
        try:
            daemon.start(arguments, **options)
        except OSError:
            daemon.close()
            raise
        self._all.append(daemon)
        return daemon

    def log_of(self, name: str) -> Path:
        """Return where the daemon of that name is to log."""
        return self._directory / f"{name}.log"

    def wait_until_ready(self, daemons: Sequence[Daemon]) -> None:
        """
        Wait until all of them are ready.

        :raises DaemonFailed: when one of them ends, or needs more than 20 s.
        """
        deadline = time.monotonic() + READY_SECONDS
        while waiting := {d.fileno(): d for d in daemons if not d.is_ready}:
            seconds = deadline - time.monotonic()
            for daemon in waiting.values():
                if not daemon.is_alive:
                    status = daemon.process.returncode
                    raise DaemonFailed(f"{daemon.name} ended with status {status}:{daemon.tail()}")
                if seconds < 0:
                    raise DaemonFailed(
                        f"{daemon.name} was not ready within {READY_SECONDS:.0f} s:{daemon.tail()}"
                    )
            for fd in self._signals.wait(seconds, list(waiting)):
                waiting[fd].take_notice()

    def wait_for_end(self, daemons: Sequence[Daemon], seconds: float) -> list[Daemon]:
        """Wait until all have ended; return those that still run after so many seconds."""
        deadline = time.monotonic() + seconds
        while alive := [daemon for daemon in daemons if daemon.is_alive]:
            if (left := deadline - time.monotonic()) <= 0:
                break
            self._signals.wait(left)
        return alive

    def end(self) -> None:
        """
        End all daemons: by SIGTERM, and after 10 s by SIGKILL.

        The first one started is ended last, as the others may want to leave in order.
        """
        self._end(self._all[1:])
        self._end(self._all[:1])

    def _end(self, daemons: Sequence[Daemon]) -> None:
        for daemon in daemons:
            if daemon.is_alive:
                daemon.process.terminate()
        for daemon in self.wait_for_end(daemons, END_SECONDS):
            daemon.process.kill()
        for daemon in daemons:
            daemon.process.wait()
            daemon.close()
