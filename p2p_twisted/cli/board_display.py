"""Show how pushes go while one waits for them."""

import os
from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from p2p_twisted.console.dumb_terminal import is_dumb
from p2p_twisted.console.push_lines import ShownBoard, board_lines, counts_text
from p2p_twisted.console.text import cells

_USUAL_COLUMNS: Final = 80
_USUAL_ROWS: Final = 24
_LEAST_ROWS: Final = 3
"""Of one board: what all have, how many, and one of them or how many more there are."""


class BoardDisplay:
    """
    Shows boards: on a terminal in place, no more than fits; elsewhere a line for each change.

    :param stream: what is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty() and not is_dumb()
        self._drawn: Sequence[str] = ()
        self._said: dict[int, str] = {}

    def show(self, boards: Sequence[ShownBoard]) -> None:
        """Show how all stand now."""
        if self._is_terminal:
            self._draw(boards)
        else:
            self._stream.writelines(f"{line}\n" for line in self._changes(boards))
        self._stream.flush()

    def say(self, text: str) -> None:
        """Show a line in place of all; on a terminal alone, as it does not stay."""
        if self._is_terminal:
            columns, _rows = self._size()
            self._write([text[: columns - 1]])
            self._stream.flush()

    def clear(self) -> None:
        """Leave nothing of what was drawn."""
        if self._drawn:
            self._write(())
            self._stream.flush()

    def _draw(self, boards: Sequence[ShownBoard]) -> None:
        columns, rows = self._size()
        # The line below them stays free: a terminal moves all up when its last one is ended.
        rows -= 1
        shown = boards[: max(1, rows // _LEAST_ROWS)]
        each = rows // len(shown)
        # A character in the last cell would have some terminals begin another line.
        self._write([line for board in shown for line in board_lines(board, columns - 1, each)])

    def _write(self, lines: Sequence[str]) -> None:
        columns, _rows = self._size()
        # What was drawn when it was wider takes more lines now.
        above = sum(max(1, -(-cells(line) // columns)) for line in self._drawn)
        up = f"\x1b[{above}A" if above else ""
        self._stream.write(f"\r{up}\x1b[J" + "".join(f"{line}\n" for line in lines))
        self._drawn = lines

    def _changes(self, boards: Sequence[ShownBoard]) -> Iterator[str]:
        for board in boards:
            text = f"{board.push.title}: {counts_text(board)}"
            if self._said.get(board.push.number) != text:
                self._said[board.push.number] = text
                yield text

    def _size(self) -> tuple[int, int]:
        size = os.get_terminal_size(self._stream.fileno())
        return size.columns or _USUAL_COLUMNS, size.lines or _USUAL_ROWS
