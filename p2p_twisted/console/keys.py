"""Decode the bytes of a terminal into keys."""

import codecs
import enum
import re
from collections.abc import Iterator
from typing import Final

from p2p_twisted.wire.name_forms import INVISIBLE_IN_NAMES


class Key(enum.Enum):
    """A key that is not a character."""

    ENTER = enum.auto()
    BACKSPACE = enum.auto()
    DELETE = enum.auto()
    LEFT = enum.auto()
    RIGHT = enum.auto()
    UP = enum.auto()
    DOWN = enum.auto()
    HOME = enum.auto()
    END = enum.auto()
    WORD_LEFT = enum.auto()
    WORD_RIGHT = enum.auto()
    ERASE_LINE = enum.auto()
    """All that is before the cursor."""
    ERASE_END = enum.auto()
    ERASE_WORD = enum.auto()
    """What is between spaces before the cursor."""
    ERASE_WORD_LEFT = enum.auto()
    ERASE_WORD_RIGHT = enum.auto()
    YANK = enum.auto()
    """Insert what was erased last."""
    TRANSPOSE = enum.auto()
    SEARCH = enum.auto()
    ABANDON = enum.auto()
    COMPLETE = enum.auto()
    INTERRUPT = enum.auto()
    END_OF_INPUT = enum.auto()
    REDRAW = enum.auto()


_CONTROLS: Final = {
    "\r": Key.ENTER,
    "\n": Key.ENTER,
    "\x7f": Key.BACKSPACE,
    "\x08": Key.BACKSPACE,
    "\x01": Key.HOME,
    "\x05": Key.END,
    "\x02": Key.LEFT,
    "\x06": Key.RIGHT,
    "\x10": Key.UP,
    "\x0e": Key.DOWN,
    "\x0b": Key.ERASE_END,
    "\x19": Key.YANK,
    "\x14": Key.TRANSPOSE,
    "\x12": Key.SEARCH,
    "\x07": Key.ABANDON,
    "\t": Key.COMPLETE,
    "\x15": Key.ERASE_LINE,
    "\x17": Key.ERASE_WORD,
    "\x03": Key.INTERRUPT,
    "\x04": Key.END_OF_INPUT,
    "\x0c": Key.REDRAW,
}
# What follows the introducer, as xterm, the Linux console, rxvt and vt220 send it.
_SEQUENCES: Final = {
    "A": Key.UP,
    "B": Key.DOWN,
    "C": Key.RIGHT,
    "D": Key.LEFT,
    "H": Key.HOME,
    "F": Key.END,
    "1~": Key.HOME,
    "7~": Key.HOME,
    "4~": Key.END,
    "8~": Key.END,
    "3~": Key.DELETE,
    # With Control or Alt held; lower case as rxvt sends it.
    "1;5C": Key.WORD_RIGHT,
    "1;5D": Key.WORD_LEFT,
    "1;3C": Key.WORD_RIGHT,
    "1;3D": Key.WORD_LEFT,
    "5C": Key.WORD_RIGHT,
    "5D": Key.WORD_LEFT,
    "c": Key.WORD_RIGHT,
    "d": Key.WORD_LEFT,
}
_WITH_ALT: Final = {
    "b": Key.WORD_LEFT,
    "f": Key.WORD_RIGHT,
    "d": Key.ERASE_WORD_RIGHT,
    "\x7f": Key.ERASE_WORD_LEFT,
    "\x08": Key.ERASE_WORD_LEFT,
}
PASTE_ON: Final = b"\x1b[?2004h"
PASTE_OFF: Final = b"\x1b[?2004l"
"""Switch on and off that a terminal says where a paste begins and ends."""

_PASTE_BEGINS: Final = "200~"
_PASTE_ENDS: Final = "201~"
_ESCAPE: Final = "\x1b"
_CONTROL_C: Final = "\x03"
# ECMA-48 control sequences; the Linux console sends "[[A" for F1; "O" starts a single shift;
# escape and any other character is that key with Alt.
_WHOLE: Final = re.compile(r"\x1b(?:\[([0-?]*[ -/]*[@-Z\\-~])|\[\[.|O(.)|([^\[O]))", re.DOTALL)
_LONGEST_SEQUENCE: Final = 32


class KeyReader:
    """
    Takes bytes in pieces of any size, and returns keys: a character, or a :class:`Key`.

    Control characters and sequences without a meaning here are ignored; bytes that are not
    text become U+FFFD. Of what is pasted, only characters and the ends of lines are keys.

    :param encoding: of the terminal.
    """

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._sequence = ""
        self._is_pasting = False
        self._last = ""

    def feed(self, data: bytes) -> Iterator[str | Key]:
        """Return the keys whose last byte is in ``data``."""
        for character in self._decoder.decode(data):
            key = self._take(character)
            if key is not None:
                yield key

    def _take(self, character: str) -> str | Key | None:
        if self._sequence or character == _ESCAPE:
            return self._go_on(character)
        last, self._last = self._last, character
        if self._is_pasting and character == _CONTROL_C:
            # Where the end of a paste was lost, a person needs a way out.
            self._is_pasting = False
            return None
        if self._is_pasting:
            if character == "\n" and last == "\r":
                return None
            if character not in "\r\n":
                character = " " if character == "\t" else character
                return _typed(character)
        return _CONTROLS.get(character) or _typed(character)

    def _go_on(self, character: str) -> Key | None:
        if character == _ESCAPE:
            self._sequence = character
            return None
        self._sequence += character
        whole = _WHOLE.fullmatch(self._sequence)
        if whole is not None:
            self._sequence = ""
            return self._meaning(whole)
        if len(self._sequence) > _LONGEST_SEQUENCE:
            self._sequence = ""
        return None

    def _meaning(self, whole: re.Match[str]) -> Key | None:
        if whole[1] in (_PASTE_BEGINS, _PASTE_ENDS):
            self._is_pasting = whole[1] == _PASTE_BEGINS
            self._last = ""
        if self._is_pasting:
            return None
        return _SEQUENCES.get(whole[1] or whole[2] or "") or _WITH_ALT.get(whole[3] or "")


def is_typed(text: str) -> bool:
    """Return whether a text has nothing but what can be shown, and what names may have."""
    return text.isprintable() or all(c.isprintable() or c in INVISIBLE_IN_NAMES for c in text)


def _typed(character: str) -> str | None:
    return character if is_typed(character) else None
