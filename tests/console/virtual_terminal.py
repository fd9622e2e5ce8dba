"""A terminal in memory: what a person would see of what a console writes."""

import re

from wcwidth import wcwidth

_PIECE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|(.)", re.DOTALL)


class VirtualTerminal:
    """
    Understands the few sequences that the console uses, and fails on any other.

    It is endlessly high, and wraps at its width as xterm does: a character in
    the last column leaves the cursor there until the next one comes.

    :param width: in cells.
    """

    def __init__(self, width: int = 40) -> None:
        self.width = width
        self.row = 0
        self.column = 0
        self._rows: list[list[str]] = [[]]

    @property
    def lines(self) -> list[str]:
        """What stands on it, without the spaces at the ends of lines."""
        return ["".join(row).rstrip() for row in self._rows]

    def resize(self, width: int) -> None:
        """Become narrower, as most terminals do: rows that are too long go on below."""
        rows: list[list[str]] = []
        for number, row in enumerate(self._rows):
            ends = range(len(row)) if number != self.row else range(max(len(row), self.column))
            begins = [0]
            for end in ends:
                is_wide = row[end + 1 : end + 2] == [""]
                if end + 1 + is_wide - begins[-1] > width and row[end : end + 1] != [""]:
                    begins.append(end)
            if number == self.row:
                begin = max(each for each in begins if each <= self.column)
                row_of_cursor = len(rows) + begins.index(begin)
                self.column -= begin
            rows += [row[a:b] for a, b in zip(begins, [*begins[1:], len(row)], strict=True)]
        self._rows, self.row, self.width = rows, row_of_cursor, width

    def write(self, written: bytes) -> None:
        """Show what was written."""
        for parameters, final, character in _PIECE.findall(written.decode()):
            if final:
                self._control(parameters, final)
            else:
                self._show(character)

    def _show(self, character: str) -> None:
        cells = wcwidth(character)
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._go_down()
        elif cells < 0:
            raise AssertionError(f"a terminal should not be sent {character!r}")
        elif cells == 0:
            if self.column > 0:
                self._rows[self.row][self.column - 1] += character
        else:
            if self.column + cells > self.width:
                self._go_down()
                self.column = 0
            self._put([character] + [""] * (cells - 1))

    def _put(self, cells: list[str]) -> None:
        row = self._rows[self.row]
        row.extend(" " * (self.column - len(row)))
        row[self.column : self.column + len(cells)] = cells
        self.column += len(cells)

    def _go_down(self) -> None:
        self.row += 1
        if self.row == len(self._rows):
            self._rows.append([])

    def _control(self, parameters: str, final: str) -> None:
        match parameters, final:
            case "", "A":
                assert self.row > 0, "above the first line"
                self.row -= 1
            case count, "C":
                self.column = min(self.width - 1, self.column + int(count))
            case "", "K":
                del self._rows[self.row][self.column :]
            case "", "J":
                del self._rows[self.row][self.column :]
                del self._rows[self.row + 1 :]
            case "", "H":
                self.row = self.column = 0
            case "2", "J":
                self._rows = [[]]
            case ("?2004", "h" | "l") | ("31" | "", "m"):
                pass
            case _:
                raise AssertionError(f"unknown sequence {parameters!r} {final!r}")
