"""Draw a terminal: lines that stay, and below them a region that is redrawn."""

from collections.abc import Iterable
from typing import Final

from p2p_twisted.console.text import cells, clip, fitting, visible

_ERASE_BELOW: Final = "\x1b[J"
_ERASE_RIGHT: Final = "\x1b[K"
_UP: Final = "\x1b[A"
_CLEAR: Final = "\x1b[H\x1b[2J"
_NEXT: Final = "\r\n"


class Screen:
    """
    Draws the region: a status line, if there is a status, and the prompt.

    Its lines are kept shorter than the terminal is wide, so that the terminal never wraps
    them, and one step up is one line up. Methods return the text to write.
    """

    def __init__(self) -> None:
        self.prompt = ""
        self.status = ""
        self._width = 80
        self._text = ""
        self._cursor = 0
        self._is_hidden = False
        # Whether the status is on the screen, above the line with the cursor.
        self._has_status = False

    def resize(self, width: int) -> None:
        """Set the width of the terminal, in cells."""
        self._width = max(width, 2)

    def edit(self, text: str, cursor: int) -> str:
        """Show the line being typed."""
        self._text, self._cursor = text, cursor
        return self._prompt_line()

    def print(self, lines: Iterable[str]) -> str:
        """Show lines that stay, above the region."""
        stay = "".join(visible(line) + _NEXT for line in lines)
        return self.erase() + stay + self.draw()

    def commit(self, line: str) -> str:
        """Show the typed line as one that stays, not shortened, and begin a new one."""
        self._text, self._cursor = "", 0
        return self.erase() + visible(self.prompt + line) + _NEXT + self.draw()

    def clear(self) -> str:
        """Clear the terminal."""
        self._has_status = False
        return _CLEAR + self.draw()

    def hide(self) -> None:
        """Do not draw the region until :meth:`show`: another process uses the terminal."""
        self._is_hidden = True

    def show(self) -> None:
        """Begin a new region, as other processes have written to the terminal."""
        self._is_hidden = False
        self._has_status = False

    def erase(self) -> str:
        """Erase the region; the cursor is left where it began."""
        if self._is_hidden:
            return ""
        up = _UP if self._has_status else ""
        self._has_status = False
        return "\r" + up + _ERASE_BELOW

    def draw(self) -> str:
        """Draw the region, over the old one if there is one."""
        if self._is_hidden:
            return ""
        up = "\r" + _UP if self._has_status else "\r"
        # A status that has gone leaves its line to the prompt.
        erase = _ERASE_BELOW if self._has_status and not self.status else ""
        self._has_status = bool(self.status)
        status = ""
        if self.status:
            status = clip(visible(self.status), self._width - 1) + _ERASE_RIGHT + _NEXT
        return up + erase + status + self._prompt_line()

    def _prompt_line(self) -> str:
        prompt = fitting(self.prompt, self._width - 2)
        room = self._width - 1 - cells(prompt)
        before, after = self._window(room)
        line = "\r" + prompt + before + after + _ERASE_RIGHT
        if not after:
            return line
        return line + f"\r\x1b[{cells(prompt + before)}C" if prompt + before else line + "\r"

    def _window(self, room: int) -> tuple[str, str]:
        """Choose the part of a long line to show: up to the cursor first, then what fits."""
        before, after = self._text[: self._cursor], self._text[self._cursor :]
        if cells(before) > room:
            before = _fitting_end(before, room)
        return before, fitting(after, room - cells(before))


def _fitting_end(text: str, room: int) -> str:
    """Keep as much of a text's end as fits into ``room`` cells."""
    return fitting(text[::-1], room)[::-1]
