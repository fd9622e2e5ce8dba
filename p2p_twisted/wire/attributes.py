"""
What is kept of a file beside its content: when it was written, and whether it can be run.

No id of a file or folder depends on it, so the same content has one id whoever has touched it.
A hit carries a file's own. For a folder it names a list, content like any other, with a line for
each line of the manifest::

    MODIFIED
    MODIFIED x

``MODIFIED`` is in nanoseconds since 1970, or ``-`` where it is unknown; ``x`` marks what can be
run.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from p2p_twisted.wire.limits import MODIFIED_SECONDS

if TYPE_CHECKING:
    import attrs

_MOST: Final = int(MODIFIED_SECONDS) * 10**9
_LINE_BYTES: Final = len("-") + 21 + len(" x\n")
_LINE: Final = re.compile(r"(-|0|-?[1-9][0-9]{0,20})( x)?")


class BadAttributes(ValueError):
    """What is said to be kept of files cannot be; the text says why, for people."""


# There are very many, which attrs would take ten times as long to make.
class Attributes(msgspec.Struct, frozen=True, gc=False):
    """
    What is kept of one file.

    :ivar modified: when it was last written to, in nanoseconds since 1970; ``None`` if unknown.
    :ivar is_executable: whether its owner may run it.
    """

    modified: int | None = None
    is_executable: bool = False

    @classmethod
    def of(cls, modified: int, is_executable: bool) -> Self:
        """Make them of what a disk says; a time that others would refuse is unknown."""
        return cls(modified if abs(modified) <= _MOST else None, is_executable)


UNKNOWN: Final = Attributes()


def encode_attributes(files: Iterable[Attributes]) -> bytes:
    """Write the list of what is kept of a folder's files, in the order of its manifest."""
    return "".join(map(_line, files)).encode()


def decode_attributes(text: bytes, count: int) -> Iterator[Attributes]:
    """
    Read what is kept of a folder's files, one by one.

    :param count: how many lines the folder's manifest has.
    :raises BadAttributes: unless it has as many lines, each within its bounds.
    """
    # Counted first: very many empty lines would take a hundred times the memory of their text.
    if text.count(b"\n") != count or len(text) > count * _LINE_BYTES:
        raise BadAttributes(f"it should have {count} lines")
    lines = text.decode("ascii", "replace").split("\n")
    if lines[-1]:
        raise BadAttributes("its last line does not end")
    yield from map(_read_line, lines[:-1])


def valid_modified(
    _instance: object, _attribute: "attrs.Attribute[Any]", value: int | None
) -> None:
    """Check a message's time of change: an attrs validator."""
    if value is not None and abs(value) > _MOST:
        raise BadAttributes("no file was written to at that time")


def _line(file: Attributes) -> str:
    modified = "-" if file.modified is None else file.modified
    return f"{modified} x\n" if file.is_executable else f"{modified}\n"


def _read_line(line: str) -> Attributes:
    match = _LINE.fullmatch(line)
    if match is None:
        raise BadAttributes("a line is not MODIFIED, with or without an x behind it")
    modified = None if match[1] == "-" else int(match[1])
    if modified is not None and abs(modified) > _MOST:
        raise BadAttributes("no file was written to at that time")
    return Attributes(modified, match[2] is not None)
