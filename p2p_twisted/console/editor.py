"""Edit the line being typed."""

from collections import deque
from typing import Final

from p2p_twisted.console.keys import Key
from p2p_twisted.console.text import cells
from p2p_twisted.wire.limits import LINE_BYTES

HISTORY_LINES: Final = 500
_MOST_CHARACTERS: Final = LINE_BYTES // 4


class LineEditor:
    """
    Holds a line, a cursor, and a history of lines.

    :ivar text: the line.
    :ivar cursor: how many characters are before the cursor.
    """

    def __init__(self) -> None:
        self.text = ""
        self.cursor = 0
        self._history: deque[str] = deque(maxlen=HISTORY_LINES)
        # How many lines back in the history; 0 is the line being typed.
        self._back = 0
        self._draft = ""

    def enter(self) -> str:
        """Return the line, add it to the history, and begin a new one."""
        line = self.text
        if line.strip() and (not self._history or self._history[-1] != line):
            self._history.append(line)
        self.clear()
        return line

    def clear(self) -> None:
        """Begin a new line."""
        self._set("")
        self._back = 0

    def press(self, key: str | Key) -> None:
        """Apply a key to the line; ignore keys with another meaning."""
        if isinstance(key, str):
            self._insert(key)
            return
        match key:
            case Key.BACKSPACE:
                self._cut(self._left(), self.cursor)
            case Key.DELETE:
                self._cut(self.cursor, self._right())
            case Key.ERASE_LINE:
                self._cut(0, self.cursor)
            case Key.ERASE_WORD:
                self._cut(self._word(), self.cursor)
            case Key.LEFT:
                self.cursor = self._left()
            case Key.RIGHT:
                self.cursor = self._right()
            case Key.HOME:
                self.cursor = 0
            case Key.END:
                self.cursor = len(self.text)
            case Key.UP:
                self._recall(self._back + 1)
            case Key.DOWN:
                self._recall(self._back - 1)
            case _:
                pass

    def _insert(self, character: str) -> None:
        if len(self.text) < _MOST_CHARACTERS:
            self.text = self.text[: self.cursor] + character + self.text[self.cursor :]
            self.cursor += 1

    def _cut(self, start: int, end: int) -> None:
        self.text = self.text[:start] + self.text[end:]
        self.cursor = start

    def _set(self, text: str) -> None:
        self.text = text
        self.cursor = len(text)

    def _left(self) -> int:
        """Return the position before the previous character and its combining marks."""
        position = max(0, self.cursor - 1)
        while position > 0 and cells(self.text[position]) == 0:
            position -= 1
        return position

    def _right(self) -> int:
        position = min(len(self.text), self.cursor + 1)
        while position < len(self.text) and cells(self.text[position]) == 0:
            position += 1
        return position

    def _word(self) -> int:
        """Return where the word before the cursor begins."""
        return self.text[: self.cursor].rstrip().rfind(" ") + 1

    def _recall(self, back: int) -> None:
        if not 0 <= back <= len(self._history):
            return
        if self._back == 0:
            self._draft = self.text
        self._back = back
        self._set(self._history[-back] if back else self._draft)
