"""Somebody at a terminal, for tests of what runs on one."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

from tests.console.virtual_terminal import VirtualTerminal
from tests.process.daemons import wait_until

ALONE = (sys.executable, "-m", "tests.process.console_alone")
"""A console without a network behind it."""

WIDTH = 120


class Person:
    """
    Somebody at a terminal, with a console on it.

    :param cwd: where it runs.
    :ivar before: how the terminal was set before.
    :ivar output: all that was written to the terminal, as it was read so far.
    """

    def __init__(self, *command: str, cwd: Path | None = None) -> None:
        self._keys, self._terminal = pty.openpty()
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDTH, 0, 0))
        self.before = self.settings()
        os.set_blocking(self._keys, False)
        self._shown = VirtualTerminal(WIDTH)
        self.output = b""
        self._drawn = 0
        self.process = subprocess.Popen(
            command,
            stdin=self._terminal,
            stdout=self._terminal,
            stderr=self._terminal,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm", "PS1": "$ "},
        )

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._keys, keys.encode())

    def settings(self) -> list[Any]:
        """Tell how the terminal is set."""
        return termios.tcgetattr(self._terminal)

    def lines(self) -> list[str]:
        """Look at the terminal."""
        self.read()
        self._shown.write(self.output[self._drawn :])
        self._drawn = len(self.output)
        return self._shown.lines

    def read(self) -> bytes:
        """Read what was written to the terminal; return all of that."""
        try:
            while True:
                self.output += os.read(self._keys, 65_536)
        except BlockingIOError:
            return self.output

    def sees(self, line: str) -> None:
        """Wait until there is such a line."""
        try:
            wait_until(lambda: line in self.lines(), repr(line))
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *self.lines()])) from None

    def sees_often(self, line: str, times: int) -> None:
        """Wait until there are so many such lines."""
        try:
            wait_until(lambda: self.lines().count(line) >= times, f"{times} times {line!r}")
        except AssertionError as error:
            raise AssertionError("\n".join([str(error), *self.lines()])) from None

    def end(self) -> None:
        """Make sure that all is gone."""
        end(self.process)
        os.close(self._keys)
        os.close(self._terminal)


def end(process: "subprocess.Popen[Any]") -> None:
    """Make sure that a process is gone."""
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
