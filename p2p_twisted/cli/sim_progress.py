"""Show the progress of a simulation in one line."""

from collections.abc import Callable
from time import monotonic
from typing import Final, Self, TextIO

from p2p_twisted.console.dumb_terminal import is_dumb
from p2p_twisted.simulation.scenario import Scenario
from p2p_twisted.simulation.simulation import SimulationProgress

_TERMINAL_SECONDS: Final = 0.1
_LINE_SECONDS: Final = 5.0
_ERASE: Final = "\r\x1b[K"


class ProgressLine:
    """Updates one line on a terminal and erases it at the end; elsewhere prints one at times."""

    def __init__(
        self, scenario: Scenario, stream: TextIO, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._scenario = scenario
        self._stream = stream
        self._is_terminal = stream.isatty() and not is_dumb()
        self._pause = _TERMINAL_SECONDS if self._is_terminal else _LINE_SECONDS
        self._seconds = seconds
        self._due = seconds() + self._pause

    def show(self, progress: SimulationProgress) -> None:
        """Show the progress, if it is time to."""
        now = self._seconds()
        if now < self._due:
            return
        text = (
            f"{progress.at:.0f} of {self._scenario.duration} s simulated, "
            f"{progress.alive:,} peers, {progress.lines:,} lines sent"
        )
        self._stream.write(f"{_ERASE}{text}" if self._is_terminal else f"{text}\n")
        self._stream.flush()
        self._due = now + self._pause

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._is_terminal:
            self._stream.write(_ERASE)
            self._stream.flush()
