"""Run a script of console lines on a peer, and report the line that failed."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Final

from p2p_twisted.cli.signals import Signals

LINE_SECONDS: Final = 60.0
SETTLE_SECONDS: Final = 0.05
"""Output that belongs to a line arrives at most this long after its verdict."""

END_SECONDS: Final = 0.5
"""How long the last output of a peer may take."""

Show = Callable[[bytes], None]
"""Shows output as it arrives."""


class LineFailed(Exception):
    """A line of the script failed."""


class PipedConsole:
    """
    The console of a peer that reads lines from a pipe, and writes a verdict on each.

    :param peer: its process, with pipes to its stdin and from its stdout.
    :param verdicts: the file descriptor on which ``ok`` or ``failed`` arrives after each line.
    """

    def __init__(
        self, signals: Signals, peer: "subprocess.Popen[bytes]", verdicts: int, show: Show
    ) -> None:
        assert peer.stdin is not None
        assert peer.stdout is not None
        self._signals = signals
        self._stdin = peer.stdin
        self._output = peer.stdout.fileno()
        self._verdicts = verdicts
        self._show = show
        self._open = [self._output, self._verdicts]

    def run(self, line: str) -> None:
        """
        Send a line, and show its output.

        :raises LineFailed: when it fails, takes longer than 60 s, or the peer ends.
        """
        deadline = time.monotonic() + LINE_SECONDS
        verdict = b""
        self._send(line)
        while not verdict.endswith(b"\n"):
            if (seconds := deadline - time.monotonic()) <= 0:
                raise LineFailed(f"it took longer than {LINE_SECONDS:.0f} s")
            verdict += self._read(seconds)
            if self._verdicts not in self._open:
                raise LineFailed("the peer ended")
        self.settle(SETTLE_SECONDS)
        if verdict != b"ok\n":
            raise LineFailed("see above")

    def settle(self, seconds: float) -> None:
        """Show output until there is none for so many seconds."""
        while self._output in self._open and self._signals.wait(seconds, [self._output]):
            self._copy_output()

    def _send(self, line: str) -> None:
        try:
            self._stdin.write(line.encode() + b"\n")
            self._stdin.flush()
        except BrokenPipeError:
            raise LineFailed("the peer ended") from None

    def _read(self, seconds: float) -> bytes:
        """Wait for output, which is shown, or a part of the verdict, which is returned."""
        ready = self._signals.wait(seconds, self._open)
        if self._output in ready:
            self._copy_output()
        if self._verdicts not in ready:
            return b""
        verdict = os.read(self._verdicts, 64)
        if not verdict:
            self._open.remove(self._verdicts)
        return verdict

    def _copy_output(self) -> None:
        output = os.read(self._output, 65_536)
        self._show(output)
        if not output:
            self._open.remove(self._output)


def run_script(lines: Sequence[str], console: PipedConsole, prompt: str, show: Show) -> None:
    """
    Run lines one after the other, and show each before its output.

    Lines that start with ``#`` are shown as narration, blank lines as they are.

    :raises LineFailed: at the first line that fails; the message names it.
    """
    console.settle(SETTLE_SECONDS)
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            show(line.removeprefix("#").strip().encode() + b"\n")
            continue
        show(f"{prompt}{line}\n".encode())
        try:
            console.run(line)
        except LineFailed as error:
            raise LineFailed(f"line {number}, {line!r}, failed: {error}") from None
    console.settle(END_SECONDS)
