"""Split the bytes of a pipe into lines, in whatever pieces they arrive."""

from codecs import BOM_UTF8
from collections.abc import Iterator

import attrs

from p2p_twisted.wire.limits import LINE_BYTES


@attrs.frozen
class BadLine:
    """A line that cannot be read; ``why`` is a sentence for people."""

    why: str


class LineSplitter:
    r"""
    Takes bytes in pieces of any size, and returns whole lines without their ends.

    A byte order mark, with which some editors begin a file, is no part of the first line.

    :param encoding: of the lines; in all encodings of terminals, ``\n`` ends a line.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._begun = bytearray()
        self._is_too_long = False
        self._is_first = True

    def feed(self, data: bytes) -> Iterator[str | BadLine]:
        """Return the lines that end in ``data``."""
        *ends, begun = data.split(b"\n")
        for end in ends:
            self._add(end)
            yield self._take()
        self._add(begun)

    def finish(self) -> Iterator[str | BadLine]:
        """Return the last line, if its end is missing."""
        if self._begun or self._is_too_long:
            yield self._take()

    def _add(self, piece: bytes) -> None:
        if self._is_too_long or len(self._begun) + len(piece) > LINE_BYTES:
            self._is_too_long = True
            self._begun.clear()
        else:
            self._begun += piece

    def _take(self) -> str | BadLine:
        line, is_too_long = bytes(self._begun), self._is_too_long
        if self._is_first:
            line = line.removeprefix(BOM_UTF8)
            self._is_first = False
        self._begun.clear()
        self._is_too_long = False
        if is_too_long:
            return BadLine(f"a line may have at most {LINE_BYTES:,} bytes")
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError:
            return BadLine(f"that line is not {self._encoding.upper()}")
