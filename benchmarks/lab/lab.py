"""Run processes in a directory in memory, which they never outlive, and time them."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import ROOT
from benchmarks.lab.sample import Sample
from benchmarks.lab.usage import Side, busy_seconds
from p2p_twisted.cli.local_daemons import Daemon, Daemons
from p2p_twisted.cli.local_network import free_ports
from p2p_twisted.cli.signals import Interrupted, Signals

_LOOK_SECONDS: Final = 0.05
# One by one over 80 Mbit/s, 256 MiB reach the last of 32 after 860 s.
_LONGEST_SECONDS: Final = 1200.0


class TookTooLong(Exception):
    """An awaited event did not happen; the message has what was printed."""


class Process:
    """
    A process that can be talked to.

    :param said: a file descriptor from which its output is read.
    """

    def __init__(self, daemon: Daemon, said: int | None) -> None:
        self._daemon = daemon
        self._said = said
        self._heard = b""
        if said is not None:
            os.set_blocking(said, False)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._daemon.process.pid

    @property
    def readable(self) -> Sequence[int]:
        """The descriptor that becomes readable when it prints something."""
        return () if self._said is None else (self._said,)

    @property
    def has_ended(self) -> bool:
        """Whether it has ended; it still counts until it is waited for."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def say(self, line: str) -> None:
        """Write a line to it, and forget its earlier output."""
        self.heard()
        self._heard = b""
        assert self._daemon.process.stdin is not None
        self._daemon.process.stdin.write(line.encode() + b"\n")
        self._daemon.process.stdin.flush()

    def heard(self) -> str:
        """Return its output since the last line written to it."""
        try:
            while self._said is not None and (said := os.read(self._said, 65_536)):
                self._heard += said
        except BlockingIOError:
            pass
        return self._heard.decode(errors="replace")

    def kill(self) -> None:
        """End it as a crash would."""
        self._daemon.process.kill()
        self._daemon.process.wait()

    def end(self) -> int:
        """Ask it to end, unless it has; return its exit status."""
        if not self.has_ended:
            self._daemon.process.terminate()
        return self._daemon.process.wait()

    def tail(self) -> str:
        """Return the end of its output."""
        return self._daemon.tail() + self.heard()


class Lab:
    """
    A scratch directory and the processes that work in it; all end with the ``with`` statement.

    :param parent: where to make the directory.
    """

    def __init__(self, signals: Signals, parent: Path) -> None:
        self._signals = signals
        self._parent = parent
        self._started = 0

    def __enter__(self) -> "Lab":
        self.directory = Path(tempfile.mkdtemp(prefix="p2p-bench-", dir=self._parent))
        self._daemons = Daemons(self.directory / "logs", self._signals)
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self._daemons.end()
        except Interrupted:
            self._signals.ignore()
            self._daemons.end()
            raise
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, name: str, *arguments: str | Path, **options: Any) -> Process:
        """
        Start a process; what it prints goes to a file.

        :param options: of :class:`subprocess.Popen`.
        """
        return Process(self.start_daemon(name, *arguments, **options), None)

    def start_talking(self, name: str, *arguments: str | Path, **options: Any) -> Process:
        """Start a process that reads lines, and whose output is read."""
        piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        daemon = self.start_daemon(name, *arguments, **{**piped, **options})
        assert daemon.process.stdout is not None
        return Process(daemon, daemon.process.stdout.fileno())

    def start_script(self, module: str, *arguments: str | Path) -> Process:
        """Start a module of this package as a script; return at once."""
        return self.start_talking(module, sys.executable, "-m", module, *arguments, cwd=ROOT)

    def start_daemon(self, name: str, *arguments: str | Path, **options: Any) -> Daemon:
        """Start a process."""
        self._started += 1
        defaults = {"cwd": self.directory, "start_new_session": True}
        command = [str(argument) for argument in arguments]
        return self._daemons.start(f"{name}.{self._started}", command, **{**defaults, **options})

    def wait_until_ready(self, *daemons: Daemon) -> None:
        """Wait until daemons have reported that they are ready."""
        self._daemons.wait_until_ready(daemons)

    def port(self) -> int:
        """Find a free port."""
        return free_ports(1)

    def wait_for(self, process: Process, text: str) -> None:
        """
        Wait until a process says something.

        :raises TookTooLong: when it does not, or ends.
        """

        def is_said() -> bool:
            if text in process.heard():
                return True
            if process.has_ended:
                raise TookTooLong(f"it ended before it said {text!r}:{process.tail()}")
            return False

        self.wait(is_said, readable=process.readable)

    def wait(
        self,
        condition: Callable[[], bool],
        seconds: float = _LONGEST_SECONDS,
        readable: Sequence[int] = (),
        every: float = _LOOK_SECONDS,
    ) -> None:
        """
        Wait until something is so.

        :param readable: file descriptors that may tell.
        :param every: how many seconds to wait before it is looked at again anyway.
        :raises TookTooLong: when it does not come to be so.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TookTooLong(f"it took longer than {seconds:.0f} s")
            self._signals.wait(every, readable)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        deadline = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() >= deadline, every=min(seconds, 0.2))

    def timed(
        self,
        senders: Sequence[Process],
        receivers: Sequence[Process],
        begin: Callable[[], Sequence[Process]],
        is_done: Callable[[], bool],
        every: float = _LOOK_SECONDS,
    ) -> Sample:
        """
        Measure one run.

        :param begin: begins it; returns further receivers that it has started.
        :param is_done: tells whether it is over; whatever is said makes it be asked.
        :param every: in how many seconds it is asked again anyway.
        """
        sending = Side(process.pid for process in senders)
        receiving = Side(process.pid for process in receivers)
        readable = [file for process in receivers for file in process.readable]

        def is_over() -> bool:
            sending.look()
            receiving.look()
            return is_done()

        busy, began = busy_seconds(), time.monotonic()
        for process in begin():
            receiving.add(process.pid)
            readable.extend(process.readable)
        self.wait(is_over, readable=readable, every=every)
        seconds = time.monotonic() - began
        sender, receiver = sending.usage, receiving.usage
        foreign = max(0.0, busy_seconds() - busy - sender.cpu - receiver.cpu) / seconds
        return Sample(seconds, sender, receiver, foreign)
