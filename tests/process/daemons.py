"""Real daemons for tests: started, watched through their log, always ended."""

import os
import random
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self
from unittest import TestCase

PATIENCE = 20.0
"""How long a daemon may take on a busy machine, in seconds; none takes it in vain."""

_POLL_SECONDS = 0.02
# Below the ports that Linux gives to outgoing connections.
_FREE_PORTS = range(20_000, 32_000)


def script(name: str) -> str:
    """Find a command that was installed beside this Python."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def free_port() -> int:
    """Find a port of loopback that nobody listens on."""
    return free_ports(1).start


def free_ports(count: int) -> range:
    """Find neighboring ports of loopback that nobody listens on."""
    while True:
        start = random.randrange(_FREE_PORTS.start, _FREE_PORTS.stop - count)
        ports = range(start, start + count)
        if all(map(_is_free, ports)):
            return ports


def scratch_folder(case: TestCase) -> Path:
    """Make a folder that is there until a test, or what it shares with others, is over."""
    scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
    case.addCleanup(scratch.cleanup)
    return Path(scratch.name)


def full_pipe(case: TestCase) -> int:
    """Open a pipe that nobody reads, and fill it; returns the end to write to."""
    read, write = os.pipe()
    case.addCleanup(os.close, read)
    os.set_blocking(write, False)
    with suppress(BlockingIOError):
        while True:
            os.write(write, bytes(4096))
    os.set_blocking(write, True)
    return write


def wait_until(condition: Any, what: str, seconds: float = PATIENCE) -> Any:
    """
    Wait until a function returns something true.

    :returns: what it returned.
    :raises AssertionError: when it does not within ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"{what}: not within {seconds:g} s")


class Daemon:
    """
    A twistd process, or another command that runs until it is told to stop.

    Use it in a ``with`` statement, or call :meth:`end` in a cleanup. What it
    prints goes to a file, so that it never waits for a reader.

    :param arguments: behind the command: ``"-n", "p2pmeta", ...``.
    :param cwd: the directory it runs in.
    :param command: what to run.
    :param stdin: as for Popen, ``subprocess.PIPE`` to :meth:`type` to it; ``None`` to
        start without one at all, as ``<&-`` does.
    :param stdout: as for Popen, for a terminal or a pipe; then :attr:`log` stays empty
        unless the daemon has a log file, and stderr goes there too.
    :param environment: variables beside those of this process.
    """

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        command: str = "twistd",
        stdin: "int | IO[Any] | None" = subprocess.DEVNULL,
        stdout: "int | IO[Any] | None" = None,
        environment: "Mapping[str, str] | None" = None,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        scratch = Path(self._scratch.name)
        self._output = scratch / "output"
        self._states = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._states.bind(str(scratch / "notify"))
        self._states.setblocking(False)
        self._notified = ""
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [script(command), *arguments],
                cwd=cwd,
                stdin=stdin,
                stdout=output if stdout is None else stdout,
                stderr=subprocess.STDOUT,
                env={**os.environ, "NOTIFY_SOCKET": str(scratch / "notify"), **(environment or {})},
                preexec_fn=_close_stdin if stdin is None else None,
                start_new_session=True,
            )

    def __enter__(self) -> "Daemon":
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def log(self) -> str:
        """All that it has printed so far."""
        return self._output.read_text(errors="replace")

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def wait_ready(self, seconds: float = PATIENCE) -> Self:
        """Wait until it has told the service manager that it is ready."""
        self._wait_for("READY=1", self._states_so_far, seconds)
        return self

    def wait_told(self, state: str, count: int = 1) -> None:
        """Wait until it has told the service manager something, ``count`` times."""
        self._wait_for(state, self._states_so_far, PATIENCE, count)

    def wait_for_log(self, text: str, seconds: float = PATIENCE) -> str:
        """Wait until it has printed ``text``; returns the whole log."""
        self._wait_for(text, lambda: self.log, seconds)
        return self.log

    def type(self, line: str) -> None:
        """Write a line to its standard input, which must be a pipe."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        """
        Wait for its end.

        :returns: the exit code; a signal's number, negative, if that ended it.
        """
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds:g} s:\n{self.log}") from None

    def stop(self, seconds: float = PATIENCE) -> int:
        """Ask it to stop, and wait: see :meth:`wait`."""
        self.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> None:
        """End it as a crash would: nothing of it runs any more."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """
        Make sure that it is gone, and its scratch files with it.

        :raises AssertionError: when it has logged a traceback.
        """
        log = self.log
        if self.is_running:
            self.kill()
        if self.process.stdin is not None:
            self.process.stdin.close()
        self._states.close()
        self._scratch.cleanup()
        assert not any(word in log for word in ("Traceback", "Unhandled")), log

    def _states_so_far(self) -> str:
        try:
            while True:
                self._notified += self._states.recv(4096).decode() + "\n"
        except BlockingIOError:
            return self._notified

    def _wait_for(self, text: str, source: Any, seconds: float, count: int = 1) -> None:
        def is_there_or_dead() -> bool:
            return source().count(text) >= count or not self.is_running

        try:
            wait_until(is_there_or_dead, repr(text), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; the log:\n{self.log}") from None
        if source().count(text) < count:
            raise AssertionError(f"ended before {text!r}; the log:\n{self.log}")


def _close_stdin() -> None:
    os.close(0)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
