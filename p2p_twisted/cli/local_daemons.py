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
END_SECONDS: Final = 5.0
TAIL_LINES: Final = 12


class DaemonFailed(Exception):
    """A daemon did not become ready; the text has the end of its log."""


class Daemon:
    """
    One process that says when it is ready, as ``sd_notify(3)`` has it.

    :ivar is_ready: whether it has said so.
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
        Start it; what it prints goes to a file, unless the options say otherwise.

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
        """Give what becomes readable when it has said something about itself."""
        return self._socket.fileno()

    def take_notice(self) -> None:
        """Read what it has said about itself."""
        self.is_ready = self.is_ready or b"READY=1" in self._socket.recv(4096).splitlines()

    def tail(self) -> str:
        """Give the last lines of what it printed and logged."""
        lines: deque[str] = deque(maxlen=TAIL_LINES)
        for path in (self._output, self.log):
            if path.exists():
                lines.extend(path.read_text(errors="replace").splitlines())
        return "".join(f"\n  {line}" for line in lines)

    def close(self) -> None:
        """Let go of its socket."""
        self._socket.close()


class Daemons:
    """
    All daemons that were started.

    :param directory: is made; their logs and sockets are in it.
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
        """Wait until all of them have ended; give those that still run after so long."""
        deadline = time.monotonic() + seconds
        while alive := [daemon for daemon in daemons if daemon.is_alive]:
            if (left := deadline - time.monotonic()) <= 0:
                break
            self._signals.wait(left)
        return alive

    def end(self) -> None:
        """
        End all that still run: by SIGTERM, and by SIGKILL what is there after 5 s.

        The one started first is ended last: the others may want to take their leave of it.
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
