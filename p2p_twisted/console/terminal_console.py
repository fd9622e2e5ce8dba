"""The console on a terminal: a line being typed, and everything else above it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Final, Protocol

from typing_extensions import override

from p2p_twisted.console.completion import complete
from p2p_twisted.console.console import Console, ConsoleConfig
from p2p_twisted.console.editor import LINE_CHARACTERS, LineEditor
from p2p_twisted.console.history import History
from p2p_twisted.console.history_file import HistoryFile
from p2p_twisted.console.keys import Key, KeyReader
from p2p_twisted.console.layout import grid
from p2p_twisted.console.leaving import running_now
from p2p_twisted.console.progress_line import running_line
from p2p_twisted.console.raw_mode import Notice
from p2p_twisted.console.screen import Screen
from p2p_twisted.download.progress import Progress
from p2p_twisted.runtime.alarm import Alarm

_REFRESH_SECONDS: Final = 1.0
# How soon after the shell's ``fg`` the prompt is back: no signal comes to a job that runs.
_BACKGROUND_SECONDS: Final = 0.2

CallFromThread = Callable[..., Any]
"""Calls a function in the reactor's thread; may itself be called from any thread or handler."""


class Mode(Protocol):
    """What a console needs of its terminal: see :class:`.raw_mode.RawMode`."""

    @property
    def width(self) -> int:
        """Its width in cells."""

    @property
    def is_foreground(self) -> bool:
        """Whether this process may read from it and change it."""

    def enter(self, stopping: Notice, continued: Notice) -> None:
        """Have it send keys, without echo."""

    def suspend(self) -> None:
        """Restore its mode, and suspend the process."""

    def resume(self) -> None:
        """Have it send keys again."""

    def leave(self) -> None:
        """Restore its mode."""


class TerminalConsole(Console):
    """
    Edits a line, shows output above it, and executes several lines at the same time.

    :param mode: of the terminal.
    :param kept: where the history is kept, if anywhere.
    :cvar again: what Ctrl-C does once more, where something runs.
    """

    can_ask = True
    again: ClassVar[str] = "Ctrl-C again to leave"
    lines_at_once = 16
    progress_seconds = 0.2

    def __init__(
        self,
        config: ConsoleConfig,
        mode: Mode,
        call_from_thread: CallFromThread,
        kept: HistoryFile | None = None,
    ) -> None:
        super().__init__(config)
        self._mode = mode
        self._call_from_thread = call_from_thread
        self._keys = KeyReader(config.encoding)
        self._kept = kept
        self._editor = LineEditor(History(kept.open() if kept is not None else ()))
        self._screen = Screen(config.has_color)
        self._neighbors = 0
        self._is_warned = False
        self._is_suspended = False
        self._is_back = False
        self._refreshing = Alarm(config.clock, self._refresh)
        self.closed.addBoth(self._give_back)

    @override
    def connectionMade(self) -> None:
        call = self._call_from_thread
        self._mode.enter(lambda: call(self._suspend), lambda: call(self._continue))
        super().connectionMade()
        self._refreshing.set(_REFRESH_SECONDS)

    @property
    @override
    def width(self) -> int:
        # A full line would leave it to the terminal where the cursor is then.
        return self._mode.width - 1

    @override
    def say(self, lines: Iterable[str]) -> None:
        self._look()
        self.output.write(self._screen.print(lines))

    @override
    def show_question(self) -> None:
        self._screen.prompt = self._prompt()
        self._draw()

    @override
    def show_running(self, running: Sequence[Progress]) -> None:
        self._screen.status = running_line(running, self.width) if running else ""
        self._draw()

    @override
    def drained(self, dropped: int) -> None:
        if dropped:
            self.say([f"({dropped:,} lines dropped: nobody read them)"])
        else:
            self._draw()

    @override
    def close(self) -> None:
        self.output.write(self._screen.erase())
        super().close()

    @override
    def dataReceived(self, data: bytes) -> None:
        for key in self._keys.feed(data):
            self._press(key)
        self._screen.resize(self._mode.width)
        self._screen.prompt = self._prompt()
        edited = self._screen.edit(self._editor.text, self._editor.cursor)
        if not self.output.is_blocked:
            self.output.write(edited)

    @override
    def readConnectionLost(self) -> None:
        self.leave()

    def _press(self, key: str | Key) -> None:
        was_warned, self._is_warned = self._is_warned, False
        match key:
            case Key.ENTER:
                self._enter()
            case Key.INTERRUPT if self._editor.text or self._editor.search:
                self._editor.clear()
            case Key.END_OF_INPUT if self._editor.text:
                self._editor.press(Key.DELETE)
            case Key.INTERRUPT | Key.END_OF_INPUT if self._questions:
                self.answer("")
            case Key.INTERRUPT if self._conversation.stop_waiting():
                pass
            case Key.INTERRUPT if not was_warned and self._warn():
                self._is_warned = True
            case Key.INTERRUPT | Key.END_OF_INPUT:
                self.leave()
            case Key.COMPLETE:
                self._complete()
            case Key.REDRAW:
                self.output.write(self._screen.clear())
            case _:
                self._editor.press(key)

    def _warn(self) -> bool:
        """Say what runs; return whether there is anything."""
        peer = self.config.peer
        running = None if self._is_leaving else running_now(peer.transfers(), peer.uploads())
        if running is not None:
            self.say([f"{running}; {self.again}"])
        return running is not None

    def _complete(self) -> None:
        """Complete what is before the cursor, or show how it may go on."""
        before = self._editor.text[: self._editor.cursor]
        completion = complete(before, self._conversation.vocabulary())
        if completion is None:
            return
        if completion.text == before[completion.start :]:
            self.say(grid(completion.choices, self.width))
        self._editor.replace(completion.start, completion.text)

    def _enter(self) -> None:
        is_cut, line = self._editor.is_cut, self._editor.enter()
        self._look()
        self.output.write(self._screen.commit(line))
        if self._questions:
            self.answer(line)
            return
        if is_cut:
            self.refuse(
                f"nothing of that is done: a line may have at most {LINE_CHARACTERS:,} characters"
            )
            return
        if self._editor.history.add(line) and self._kept is not None:
            self._kept.append(line)
        self.take(line)

    def _look(self) -> None:
        """Update the terminal's width, and the number of neighbors in the prompt."""
        self._screen.resize(self._mode.width)
        self._neighbors = len(self.config.peer.status().neighbors)
        self._screen.prompt = self._prompt()

    def _prompt(self) -> str:
        search = self._editor.search
        if self._questions:
            return f"{self._questions[0][0]} "
        if search is None:
            return f"{self.config.name} ({self._neighbors})> "
        return f"(search{', nothing has' if search.has_failed else ''}: {search.text})> "

    def _refresh(self) -> None:
        is_changed = self._mode.is_foreground is self._is_suspended
        # A timer that was due while this process rested comes before the signal to continue.
        self._is_back = is_changed and self._is_suspended
        if is_changed:
            self._change_places()
        if self._is_suspended:
            self._refreshing.set(_BACKGROUND_SECONDS)
            return
        shown, width = self._screen.prompt, self._screen.width
        self._look()
        if (self._screen.prompt, self._screen.width) != (shown, width):
            self._draw()
        self._refreshing.set(_REFRESH_SECONDS)

    def _draw(self) -> None:
        # Output that will be redrawn anyway need not be queued.
        if not self.output.is_blocked:
            self._screen.resize(self._mode.width)
            self.output.write(self._screen.draw())

    # The shell's job control

    def _suspend(self) -> None:
        if not self.closed.called:
            self._is_suspended, self._is_back = True, False
            self._screen.hide()
            self._read_or_not()
            self._mode.suspend()

    def _continue(self) -> None:
        if not self.closed.called:
            if not self._is_back:
                self._change_places()
            self._refreshing.set(_BACKGROUND_SECONDS)

    def _change_places(self) -> None:
        """Use the terminal if it is this process's now, otherwise leave it to the others."""
        self._is_suspended = not self._mode.is_foreground
        # What was warned of before is forgotten by then.
        self._is_warned = False
        if self._is_suspended:
            self._screen.hide()
        else:
            self._mode.resume()
            self._screen.show()
            self._draw()
        self._read_or_not()

    @override
    def _read_or_not(self) -> None:
        # Reading in the background would suspend the process again.
        if self._is_suspended:
            self.transport.pauseProducing()
        else:
            super()._read_or_not()

    def _give_back(self, result: None) -> None:
        self._refreshing.stop()
        self._mode.leave()
        if self._kept is not None:
            self._kept.close()
        return result
