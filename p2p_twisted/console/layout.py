"""Fit lines and tables to the width of a terminal."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from p2p_twisted.console.text import cells, clip_middle, fitting, padded, visible

HANGING_CELLS: Final = 4
_GRID_TEXTS: Final = 100
_GAP: Final = "  "
# What the last column of a table, and the longest one of a list, should have at least.
_TEXT_CELLS: Final = 24
_LONG_CELLS: Final = 60
_SHORT_CELLS: Final = 20
# A number stays with its unit.
_UNIT: Final = re.compile(r"\d (?:[KMGT]iB|[B%s]|min|h|d)(?!\w)")


def wrapped(line: str, width: int | None, indent: int = HANGING_CELLS, whole: int = 0) -> list[str]:
    """
    Break a line between words where it is too wide; a word that is wider itself is broken, too:
    a path behind a slash.

    :param width: in cells; ``None`` for no limit.
    :param indent: of all lines but the first, in cells.
    :param whole: how many characters at the line's beginning are not broken.
    """
    lines: list[str] = []
    if width is not None and width - indent < max(2, width // 2):
        indent = 0
    while width is not None and cells(line) > width:
        fits = max(whole + 1, len(fitting(line, width)))
        # A space right behind what fits ends a word, too.
        end = line.rfind(" ", whole, fits + 1)
        while end > whole and _UNIT.match(line, end - 1):
            end = line.rfind(" ", whole, end)
        if not line[whole : max(end, 0)].strip():
            # Behind the last slash, unless the word begins with it.
            end = line.rfind("/", whole + 1, fits) + 1 or fits
        lines.append(line[:end].rstrip())
        rest = line[end:].lstrip(" ")
        line, whole = " " * indent + rest, indent
        if not rest:
            return lines
    return [*lines, line]


def table(
    rows: Sequence[Sequence[str]], width: int | None = None, right: Sequence[int] = ()
) -> Iterator[str]:
    """
    Align rows of cells; the last column is wrapped, or stands below the others where there is
    little room for it, or too little for one of its words.

    :param right: the columns to align at their right side.
    """
    widths = _widths(rows)
    first = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    is_narrow = width is not None and width - first < min([*widths[-1:], _TEXT_CELLS])
    for row in rows:
        if is_narrow or (width is not None and _breaks(row[-1], width, width - first)):
            yield from wrapped(_GAP.join(row[:-1]).rstrip(), width)
            if row[-1]:
                yield from wrapped(" " * HANGING_CELLS + row[-1], width, whole=HANGING_CELLS)
        else:
            yield from wrapped(_aligned(row, widths, right), width, first, first)


def fitted_table(
    rows: Sequence[Sequence[str]],
    width: int | None,
    right: Sequence[int],
    long: int,
    optional: Sequence[int],
) -> Iterator[str]:
    """
    Align rows of cells, each in one line.

    :param long: the column whose texts are shortened in their middle where there is no room.
    :param optional: columns to leave out before that, the first one first.
    """
    if not rows:
        return
    widths = _widths(rows)
    kept = list(range(len(widths)))
    enough = _LONG_CELLS
    for column in (*optional, None):
        taken = sum(widths[each] for each in kept if each != long) + len(_GAP) * (len(kept) - 1)
        room = widths[long] if width is None else width - taken
        if column is None or room >= min(widths[long], enough):
            break
        kept.remove(column)
        enough = _SHORT_CELLS
    room = max(1, room)
    widths[long] = min(widths[long], room)
    right = [kept.index(each) for each in right if each in kept]
    for row in rows:
        texts = [clip_middle(row[each], room) if each == long else row[each] for each in kept]
        yield _aligned(texts, [widths[each] for each in kept], right)


def grid(texts: Sequence[str], width: int) -> Iterator[str]:
    """Show texts in rows, as many in each as there is room for; of very many, the first."""
    shown = [visible(text) for text in texts[:_GRID_TEXTS]]
    cell = max(map(cells, shown), default=0)
    in_a_row = max(1, (width + len(_GAP)) // (cell + len(_GAP)))
    for start in range(0, len(shown), in_a_row):
        row = shown[start : start + in_a_row]
        yield _aligned(row, [cell] * len(row), ())
    if len(texts) > _GRID_TEXTS:
        yield f"and {len(texts) - _GRID_TEXTS:,} more"


def _breaks(text: str, width: int, room: int) -> bool:
    """Return whether a word of it is too long for a column, and not for a line."""
    return room < max(map(cells, text.split(" "))) <= width - HANGING_CELLS


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cells, column)) for column in zip(*rows, strict=True)]


def _aligned(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    texts = [
        " " * (width - cells(text)) + text if index in right else padded(text, width)
        for index, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return _GAP.join(texts).rstrip()
