"""Decode the bytes of a terminal into keys."""

import codecs
import enum
import re
from collections.abc import Iterator
from typing import Final


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
    ERASE_LINE = enum.auto()
    ERASE_WORD = enum.auto()
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
}
_ESCAPE: Final = "\x1b"
# ECMA-48 control sequences; the Linux console sends "[[A" for F1; "O" starts a single shift;
# escape and any other character is that key with Alt.
_WHOLE: Final = re.compile(r"\x1b(?:\[([0-?]*[ -/]*[@-Z\\-~])|\[\[.|O(.)|[^\[O])", re.DOTALL)
_LONGEST_SEQUENCE: Final = 32


class KeyReader:
    """
    Takes bytes in pieces of any size, and returns keys: a character, or a :class:`Key`.

    Control characters and sequences without a meaning here are ignored; bytes that are not
    text become U+FFFD.

    :param encoding: of the terminal.
    """

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._sequence = ""

    def feed(self, data: bytes) -> Iterator[str | Key]:
        """Return the keys whose last byte is in ``data``."""
        for character in self._decoder.decode(data):
            key = self._take(character)
            if key is not None:
                yield key

    def _take(self, character: str) -> str | Key | None:
        if self._sequence:
            return self._go_on(character)
        if character == _ESCAPE:
            self._sequence = character
            return None
        return _CONTROLS.get(character) or (character if character.isprintable() else None)

    def _go_on(self, character: str) -> Key | None:
        if character == _ESCAPE:
            self._sequence = character
            return None
        self._sequence += character
        whole = _WHOLE.fullmatch(self._sequence)
        if whole is not None:
            self._sequence = ""
            return _SEQUENCES.get(whole[1] or whole[2] or "")
        if len(self._sequence) > _LONGEST_SEQUENCE:
            self._sequence = ""
        return None
