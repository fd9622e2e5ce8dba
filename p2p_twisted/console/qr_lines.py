"""Draw a QR code with characters, two rows of its modules in each line."""

from collections.abc import Iterator, Sequence
from typing import Final

from p2p_twisted.console.text import QrLine

_QUIET: Final = 2
"""How many light modules are around it: fewer than the standard has, so that 24 lines do."""

_BLOCKS: Final = {("0", "0"): "█", ("0", "1"): "▀", ("1", "0"): "▄", ("1", "1"): " "}


def qr_lines(rows: Sequence[str], width: int | None = None) -> Iterator[str]:
    """
    Draw a QR code, or say that there is no room for it.

    :param rows: of its modules: ``1`` is dark.
    :param width: how many cells a line may have; ``None`` for no limit.
    """
    cells = len(rows) + 2 * _QUIET
    if width is not None and width < cells:
        yield f"the QR code is {cells} columns wide: make the terminal as wide, and ask again"
        return
    empty, side = ["0" * cells] * _QUIET, "0" * _QUIET
    drawn = [*empty, *(f"{side}{row}{side}" for row in rows), *empty]
    if len(drawn) % 2:
        drawn.append("0" * cells)
    for upper, lower in zip(drawn[::2], drawn[1::2], strict=True):
        yield QrLine("".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True)))
