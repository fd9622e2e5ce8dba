"""Draw a terminal: lines that stay, and below them a region that is redrawn."""

from collections.abc import Iterable
from typing import Final

from p2p_twisted.console.layout import wrapped
from p2p_twisted.console.text import FailureLine, QrLine, cells, clip, fitting, fitting_end, visible

_ERASE_BELOW: Final = "\x1b[J"
_ERASE_RIGHT: Final = "\x1b[K"
_UP: Final = "\x1b[A"
_CLEAR: Final = "\x1b[H\x1b[2J"
_RED: Final = "\x1b[31m"
_PLAIN: Final = "\x1b[m"
_NEXT: Final = "\r\n"


class Screen:
    """
    Draws the region: a status line, if there is a status, and the prompt.

    Its lines are kept shorter than the terminal is wide, so that the terminal wraps them
    only when it becomes narrower; then it is told how many rows they take. Methods return the
    text to write.

    :param has_color: whether failures are shown in a color.
    :ivar width: of the terminal, in cells.
    """

    def __init__(self, has_color: bool = False) -> None:
        self._has_color = has_color
        self.prompt = ""
        self.status = ""
        self.width = 80
        self._text = ""
        self._cursor = 0
        self._is_hidden = False
        # What is on the screen: the status, and its prompt's line up to the cursor.
        self._drawn_status = ""
        self._drawn_before = ""

    def resize(self, width: int) -> None:
        """Set the width of the terminal, in cells."""
        self.width = max(width, 2)

    def edit(self, text: str, cursor: int) -> str:
        """Show the line being typed."""
        self._text, self._cursor = visible(text), len(visible(text[:cursor]))
        is_wrapped = self._rows_above() > bool(self._drawn_status)
        return self.draw() if is_wrapped else self._prompt_line()

    def print(self, lines: Iterable[str]) -> str:
        """Show lines that stay, above the region; those that are too wide are wrapped."""
        return self.erase() + "".join(map(self._staying, lines)) + self.draw()

    def commit(self, line: str) -> str:
        """Show the typed line as one that stays, not shortened, and begin a new one."""
        self._text, self._cursor = "", 0
        return self.erase() + self._staying(self.prompt + line) + self.draw()

    def clear(self) -> str:
        """Clear the terminal."""
        self._forget()
        return _CLEAR + self.draw()

    def hide(self) -> None:
        """Do not draw the region until :meth:`show`: another process uses the terminal."""
        self._is_hidden = True

    def show(self) -> None:
        """Begin a new region, as other processes have written to the terminal."""
        self._is_hidden = False
        self._forget()

    def erase(self) -> str:
        """Erase the region; the cursor is left where it began."""
        if self._is_hidden:
            return ""
        up = _UP * self._rows_above()
        self._forget()
        return "\r" + up + _ERASE_BELOW

    def draw(self) -> str:
        """Draw the region, over the old one if there is one."""
        if self._is_hidden:
            return ""
        above = self._rows_above()
        # Fewer rows than before: what is below them was the region's, too.
        erase = _ERASE_BELOW if above > bool(self.status) else ""
        status = ""
        if self.status:
            self._drawn_status = clip(visible(self.status), self.width - 1)
            status = self._drawn_status + _ERASE_RIGHT + _NEXT
        else:
            self._drawn_status = ""
        return "\r" + _UP * above + erase + status + self._prompt_line()

    def _staying(self, line: str) -> str:
        if isinstance(line, QrLine):
            return line.colored() + _NEXT
        parts = wrapped(visible(line), self.width - 1)
        text = _NEXT.join(parts)
        is_colored = self._has_color and isinstance(line, FailureLine)
        return (_RED + text + _PLAIN if is_colored else text) + _NEXT

    def _forget(self) -> None:
        self._drawn_status = self._drawn_before = ""

    def _rows_above(self) -> int:
        """Count the region's rows above the cursor, as a terminal wraps them that was narrowed."""
        status = _rows(self._drawn_status, self.width)
        return status + max(0, _rows(self._drawn_before, self.width) - 1)

    def _prompt_line(self) -> str:
        prompt = fitting(self.prompt, self.width - 2)
        room = self.width - 1 - cells(prompt)
        before, after = self._window(room)
        self._drawn_before = prompt + before
        line = "\r" + prompt + before + after + _ERASE_RIGHT
        if not after:
            return line
        return line + f"\r\x1b[{cells(prompt + before)}C" if prompt + before else line + "\r"

    def _window(self, room: int) -> tuple[str, str]:
        """Choose the part of a long line to show: up to the cursor first, then what fits."""
        before, after = self._text[: self._cursor], self._text[self._cursor :]
        if cells(before) > room:
            before = fitting_end(before, room)
        return before, fitting(after, room - cells(before))


def _rows(text: str, width: int) -> int:
    """Count the rows that a text takes; an empty one takes none."""
    rows = 0
    while text:
        text = text[len(fitting(text, width)) or 1 :]
        rows += 1
    return rows
