"""The console on a pipe: plain lines in, plain lines out."""

from collections.abc import Iterable, Sequence

from typing_extensions import override

from p2p_twisted.console.console import Console, ConsoleConfig
from p2p_twisted.console.lines import BadLine, LineSplitter
from p2p_twisted.console.progress_line import running_line
from p2p_twisted.console.text import visible
from p2p_twisted.download.progress import Progress


class PlainConsole(Console):
    """
    Executes lines one after the other.

    It serves pipes, files, and terminals that support only lines.

    :param is_typed: whether a person types; the end of the input then means ``leave``.
    :param leaves_at_end: whether it means that for a script, too; otherwise the peer keeps
        running, and the output stays.
    """

    lines_at_once = 1
    progress_seconds = 5.0

    def __init__(
        self, config: ConsoleConfig, is_typed: bool = False, leaves_at_end: bool = False
    ) -> None:
        self.can_ask = is_typed
        super().__init__(config)
        self._leaves_at_end = is_typed or leaves_at_end
        self._lines = LineSplitter(config.encoding)

    @override
    def say(self, lines: Iterable[str]) -> None:
        self.output.write("".join(f"{visible(line)}\n" for line in lines))

    @override
    def show_question(self) -> None:
        self.say([self._questions[0][0]])

    @override
    def show_running(self, running: Sequence[Progress]) -> None:
        if running:
            self.say([running_line(running)])

    @override
    def drained(self, dropped: int) -> None:
        if dropped:
            self.say([f"({dropped:,} lines dropped: nobody read them)"])

    @override
    def dataReceived(self, data: bytes) -> None:
        self._take_all(self._lines.feed(data))

    @override
    def readConnectionLost(self) -> None:
        self._take_all(self._lines.finish())
        if self._leaves_at_end:
            self.leave_in_turn()

    @override
    def writeConnectionLost(self) -> None:
        """Carry on what a script asks for, though nobody sees the answers."""
        if self.can_ask:
            super().writeConnectionLost()
        else:
            self._conversation.exits.add(self.config.output_lost())

    def _take_all(self, lines: Iterable[str | BadLine]) -> None:
        for line in lines:
            if isinstance(line, BadLine):
                self.refuse(line.why)
            else:
                self.take(line)
