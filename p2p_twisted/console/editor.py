"""Edit the line being typed, by the keys of readline."""

from typing import Final

import attrs

from p2p_twisted.console.history import History
from p2p_twisted.console.keys import Key
from p2p_twisted.console.text import cells
from p2p_twisted.wire.limits import LINE_BYTES

LINE_CHARACTERS: Final = LINE_BYTES // 4


@attrs.define
class Search:
    """
    A search in the history.

    :ivar text: what is searched for.
    :ivar draft: what was typed before.
    :ivar back: how many lines back it has come.
    :ivar has_failed: whether no line has the text.
    """

    draft: str
    text: str = ""
    back: int = 1
    has_failed: bool = False


class LineEditor:
    """
    Holds a line and a cursor.

    :ivar text: the line.
    :ivar cursor: how many characters are before the cursor.
    :ivar search: the search in the history that goes on, if any.
    :ivar is_cut: whether more was typed than a line may have, which is lost.
    """

    def __init__(self, history: History | None = None) -> None:
        self.text = ""
        self.cursor = 0
        self.search: Search | None = None
        self.is_cut = False
        self.history = history or History()
        # How many lines back in the history; 0 is the line being typed.
        self._back = 0
        self._draft = ""
        self._killed = ""
        self._is_killing = False

    def enter(self) -> str:
        """Return the line, and begin a new one."""
        line = self.text
        self.clear()
        return line

    def clear(self) -> None:
        """Begin a new line."""
        self._set("")
        self._back = 0
        self.search = None

    def replace(self, start: int, text: str) -> None:
        """Replace what is between a position and the cursor."""
        room = max(0, LINE_CHARACTERS - len(self.text))
        self.is_cut = self.is_cut or len(text) > room
        text = text[:room]
        self.text = self.text[:start] + text + self.text[self.cursor :]
        self.cursor = start + len(text)

    def press(self, key: str | Key) -> None:
        """Apply a key to the line; ignore keys with another meaning."""
        if self.search is not None and self._search_on(self.search, key):
            return
        self.search = None
        was_killing, self._is_killing = self._is_killing, False
        if isinstance(key, str):
            self.replace(self.cursor, key)
        elif key in _MOVES:
            self.cursor = _MOVES[key](self)
        elif key in _KILLS:
            self._kill(key, was_killing)
        else:
            self._press_other(key)

    def _press_other(self, key: Key) -> None:
        match key:
            case Key.BACKSPACE:
                self._cut(self._left(), self.cursor)
            case Key.DELETE:
                self._cut(self.cursor, self._right())
            case Key.YANK:
                self.replace(self.cursor, self._killed)
            case Key.TRANSPOSE:
                self._transpose()
            case Key.UP:
                self._recall(self._back + 1)
            case Key.DOWN:
                self._recall(self._back - 1)
            case Key.SEARCH:
                self.search = Search(self.text)
            case _:
                pass

    def _cut(self, start: int, end: int) -> None:
        self.text = self.text[:start] + self.text[end:]
        self.cursor = start

    def _set(self, text: str) -> None:
        self.text = text
        self.cursor = len(text)
        self.is_cut = False

    # Where to go

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

    def _home(self) -> int:
        return 0

    def _end(self) -> int:
        return len(self.text)

    def _word_left(self) -> int:
        """Return where the word of letters and digits before the cursor begins."""
        position = self.cursor
        while position > 0 and not _is_of_a_word(self.text[position - 1]):
            position -= 1
        while position > 0 and _is_of_a_word(self.text[position - 1]):
            position -= 1
        return position

    def _word_right(self) -> int:
        position = self.cursor
        while position < len(self.text) and not _is_of_a_word(self.text[position]):
            position += 1
        while position < len(self.text) and _is_of_a_word(self.text[position]):
            position += 1
        return position

    def _space_left(self) -> int:
        """Return where what is between spaces before the cursor begins."""
        return self.text[: self.cursor].rstrip().rfind(" ") + 1

    # Kill, yank, transpose

    def _kill(self, key: Key, goes_on: bool) -> None:
        """Cut what is between the cursor and a place, for a later yank; kills in a row are one."""
        place = _KILLS[key](self)
        start, end = min(place, self.cursor), max(place, self.cursor)
        killed, before = self.text[start:end], self._killed if goes_on else ""
        self._killed = killed + before if place < self.cursor else before + killed
        self._is_killing = True
        self._cut(start, end)

    def _transpose(self) -> None:
        """Swap the characters around the cursor; at the end, the last two."""
        typed = self.cursor
        if self.cursor == len(self.text):
            self.cursor = self._left()
        start, middle, end = self._left(), self.cursor, self._right()
        if start == middle:
            self.cursor = typed
            return
        swapped = self.text[middle:end] + self.text[start:middle]
        self.text = self.text[:start] + swapped + self.text[end:]
        self.cursor = end

    # The history

    def _recall(self, back: int) -> None:
        if not 0 <= back <= len(self.history):
            return
        if self._back == 0:
            self._draft = self.text
        self._back = back
        self._set(self.history[back] if back else self._draft)

    def _search_on(self, search: Search, key: str | Key) -> bool:
        """
        Apply a key to the search.

        :returns: whether the search goes on; otherwise the key is for the line that was found.
        """
        if isinstance(key, str):
            self._find(search, search.text + key, search.back)
        elif key is Key.SEARCH:
            self._find(search, search.text, search.back + 1)
        elif key is Key.BACKSPACE:
            self._find(search, search.text[:-1], 1)
        elif key is Key.ABANDON:
            self._set(search.draft)
            self.search = None
        else:
            return False
        return True

    def _find(self, search: Search, text: str, back: int) -> None:
        search.text = text[:LINE_CHARACTERS]
        found = self.history.search(search.text, back) if text else None
        search.has_failed = bool(text) and found is None
        if found is not None:
            search.back = self._back = found
            self._draft = search.draft
            self._set(self.history[found])


def _is_of_a_word(character: str) -> bool:
    return character.isalnum() or cells(character) == 0


_MOVES: Final = {
    Key.LEFT: LineEditor._left,
    Key.RIGHT: LineEditor._right,
    Key.WORD_LEFT: LineEditor._word_left,
    Key.WORD_RIGHT: LineEditor._word_right,
    Key.HOME: LineEditor._home,
    Key.END: LineEditor._end,
}
_KILLS: Final = {
    Key.ERASE_LINE: LineEditor._home,
    Key.ERASE_END: LineEditor._end,
    Key.ERASE_WORD: LineEditor._space_left,
    Key.ERASE_WORD_LEFT: LineEditor._word_left,
    Key.ERASE_WORD_RIGHT: LineEditor._word_right,
}
