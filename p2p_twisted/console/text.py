"""Make text from other peers safe to show, and numbers easy to read."""

import re
from collections.abc import Iterable
from typing import Final
from unicodedata import category

from p2p_twisted.runtime.amounts import clock_time as clock_time
from p2p_twisted.runtime.amounts import count as count
from p2p_twisted.runtime.amounts import human_size as human_size
from p2p_twisted.runtime.amounts import human_time as human_time
from p2p_twisted.wire.name_forms import INVISIBLE_IN_NAMES
from p2p_twisted.wire.reaching import DIRECT

TOLD_IN_PART: Final = (
    "there may be more, as some peers have not told all: ask again for more of the name"
)
"""What is said where a peer had no time, or no room, to answer in full."""

NAME_CELLS: Final = 120
_TWO_ENDS_CELLS: Final = 12
# More than that only pile up on one another.
_CHARACTERS_PER_CELL: Final = 4
_ESCAPED: Final = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
_MARKS: Final = ("Mn", "Me")
_MARKS_OF_A_LETTER: Final = 8
_EMOJI_SELECTOR: Final = "\ufe0f"


class FailureLine(str):
    """A line that tells what failed: terminals show it in a color."""

    __slots__ = ()


class QrLine(str):
    """
    A line of a QR code, whose blocks are what is light in it.

    Terminals show it white on black, so that others can be read wherever they are, too.
    """

    __slots__ = ()

    def colored(self) -> str:
        """Write it for a terminal."""
        return f"\x1b[97;40m{self}\x1b[m"


def visible(text: str) -> str:
    r"""
    Escape all characters that could move the cursor, hide text, or forge a line.

    These are control, format, bidirectional, private, unassigned and surrogate characters,
    selectors of forms, and all separators except the space: U+202E becomes ``\u202e``. So are
    marks that no letter is before, as they would go to what is, and those of which more are piled
    up on one than any language does, as these would cover the lines around it.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = []
    marks = _MARKS_OF_A_LETTER
    for c in text:
        marks = marks + 1 if category(c) in _MARKS else _MARKS_OF_A_LETTER if c == " " else 0
        is_fine = c.isprintable() and c not in INVISIBLE_IN_NAMES and marks <= _MARKS_OF_A_LETTER
        shown.append(c if is_fine else c.encode("unicode_escape").decode())
    return "".join(shown)


def meant(typed: str) -> str:
    """Undo :func:`visible` where names may have such characters: who copies one gets it."""

    def character(escaped: re.Match[str]) -> str:
        one = chr(int(escaped[0][2:], 16))
        return one if one in INVISIBLE_IN_NAMES else escaped[0]

    return _ESCAPED.sub(character, typed)


def shown_name(name: str) -> str:
    """Escape and shorten a name that came from the network."""
    return clip(visible(name[: _CHARACTERS_PER_CELL * NAME_CELLS + 1]), NAME_CELLS)


def reached(peer: str, how: str) -> str:
    """Name a peer at the other end of a transfer; and how it is reached, unless directly."""
    return peer if how == DIRECT else f"{peer} ({how})"


def share_line(name: str) -> str:
    """Tell as what a directory is shared: in which folder, and with whom if not with all."""
    group = name.removeprefix("@")
    alone = f", for @{shown_name(group)} alone" if name != group else ""
    return f"{shown_name(group)}/{alone}"


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes at most."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def clip(text: str, room: int) -> str:
    """Shorten a text to ``room`` cells; dots show that it was longer."""
    # It is cut before it is measured, which takes long.
    most = _CHARACTERS_PER_CELL * room
    if len(text) <= most and cells(text) <= room:
        return text
    dots = "..."[:room]
    return fitting(text[:most], room - len(dots)) + dots


def clip_middle(text: str, room: int) -> str:
    """Shorten a text to ``room`` cells in its middle, as the end of a name tells its kind."""
    if cells(text) <= room or room < _TWO_ENDS_CELLS:
        return clip(text, room)
    end = fitting_end(text, room // 3)
    return fitting(text, room - len("...") - cells(end)) + "..." + end


def fitting_end(text: str, room: int) -> str:
    """Keep as much of a text's end as fits into ``room`` cells."""
    end = fitting(text[::-1], room)[::-1]
    # A mark without its letter would go to whatever is put before it.
    return end if end == text else end.lstrip("".join(c for c in end if _cells(c) == 0))


def fitting(text: str, room: int) -> str:
    """Keep as much of a text's beginning as fits into ``room`` cells."""
    for index, character in enumerate(text):
        room -= _cells(character)
        if room < 0:
            return text[:index]
    return text


def padded(text: str, room: int) -> str:
    """Pad a text with spaces to ``room`` cells."""
    return text + " " * (room - cells(text))


def none_of(why: str, others: Iterable[int]) -> str:
    """
    Say that there is no download of some numbers: ``there is no paused download 2, nor 4-7``.

    :param why: that sentence for the first of them.
    """
    runs: list[list[int]] = []
    for number in others:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    rest = ", ".join("-".join(map(str, run)) for run in runs)
    return f"{why}, nor {rest}" if rest else why


def _cells(character: str) -> int:
    if " " <= character <= "~":
        return 1
    # Not before it is needed: to import it takes as long as many a command of p2p.
    from wcwidth import wcwidth

    # It may make the character before it twice as wide.
    return 1 if character == _EMOJI_SELECTOR else max(0, wcwidth(character))


def relayed_line(holder: str, requester: str, copied: int) -> str:
    """Write what is copied between two peers that are joined here; ``copied`` is in bytes."""
    return f"{human_size(copied)} from {holder} to {requester}, relayed"


def relays_line(pairs: int, rate: int | None) -> str:
    """
    Write what a peer relays for others.

    :param rate: at most, in bytes a second; ``None`` where it relays nothing.
    """
    if rate is None and not pairs:
        return "nothing: off, or --max-up is too slow for it"
    return f"{count(pairs, 'pair')} of peers now, at most {human_size(rate or 0)}/s"
