"""The lines that were entered, to be recalled and searched."""

from collections import deque
from collections.abc import Iterable
from typing import Final

HISTORY_LINES: Final = 1_000


class History:
    """
    Holds the last 1,000 lines.

    :param lines: of earlier runs, oldest first.
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._lines: deque[str] = deque(lines, maxlen=HISTORY_LINES)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, back: int) -> str:
        """Return the line so many lines back; 1 is the last one."""
        return self._lines[-back]

    def add(self, line: str) -> bool:
        """
        Add a line, unless it is blank, begins with a space, or is the last one once more.

        A space in front is how people keep a line out of a shell's history.

        :returns: whether it was added.
        """
        if not line.strip() or line[0] == " " or (self._lines and self._lines[-1] == line):
            return False
        self._lines.append(line)
        return True

    def search(self, text: str, back: int) -> int | None:
        """
        Find the next older line that contains a text, in any case.

        :param back: how many lines back to begin.
        :returns: how many lines back it is; ``None`` where there is none.
        """
        wanted = text.casefold()
        older = range(max(back, 1), len(self._lines) + 1)
        return next((each for each in older if wanted in self._lines[-each].casefold()), None)
