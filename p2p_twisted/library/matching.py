"""
Match names against searches, and rank the matches.

Each peer selects its hits by these rules, and the peer that asked ranks all hits by them again.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Callable
from typing import Final

import msgspec
from attrs import frozen

from p2p_twisted.wire.names import collision_key

SUFFIX: Final = ".txt"
"""A suffix that may be left out when a name is typed."""

# Letters that people type without what is drawn through or into them, as with accents.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"}
)
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")
_DIGITS: Final = re.compile("([0-9]+)")
_OTHER_CASE: Final = 4
_GLOB: Final = frozenset("*?[")
_WILD: Final = re.compile("[*?]")


def rank(name: str, text: str) -> int | None:
    """
    Rank how well a shared name matches a name as typed.

    :param name: a file's or folder's path; a text without ``/`` is compared with its last
        component, too.
    :returns: 0 for the same path, 1 for the same last component, 2 and 3 for these
        with ``.txt`` appended to the text, 4 to 7 for the same in another case;
        ``None`` when it does not match.
    """
    typed = unicodedata.normalize("NFC", text)
    exact = _rank(name, typed)
    if exact is not None:
        return exact
    folded = _rank(collision_key(name), collision_key(typed))
    return None if folded is None else _OTHER_CASE + folded


# There are as many as names.
class MatchKey(msgspec.Struct, frozen=True, gc=False):
    """
    A name in the form that searches compare: case and normal form do not matter.

    :ivar base: its last component.
    :ivar plain: the name without accents, too, and ``plain_base`` its last component.
    """

    path: str
    base: str
    plain: str
    plain_base: str


def key(name: str) -> MatchKey:
    """Prepare a shared name for comparison."""
    path = collision_key(name)
    if path == name:
        # One string instead of two, for each of very many names.
        path = name
    base = last_component(path)
    # Most names have no accents, and then need no memory for that.
    if path.isascii() or (without := plain(path)) == path:
        return MatchKey(path, base, path, base)
    return MatchKey(path, base, without, last_component(without))


def plain(text: str) -> str:
    """Leave out case and accents, as people do who look for something."""
    folded = collision_key(text)
    if folded.isascii():
        return folded
    letters = _ACCENTS.sub("", unicodedata.normalize("NFD", folded))
    return unicodedata.normalize("NFC", letters.translate(_LETTERS))


def natural_order(name: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """Return a sort key that puts ``file2`` before ``file10``, and ``été`` before ``z``."""
    parts = _DIGITS.split(plain(name))
    # Every second part is a number.
    return tuple((int(part) if index % 2 else 0, part) for index, part in enumerate(parts)), name


@frozen
class Matcher:
    """
    A test for names that contain a text, or match it as a glob.

    If the text has a ``/``, whole paths are compared, otherwise their last components.
    Neither case nor accents matter.

    :ivar fits: returns a true value for the key of a name that matches.
    :ivar literal: a text that every matching path contains, without case and accents.
    :ivar is_pattern: whether it is a glob, which may take long to compare.
    """

    fits: Callable[[MatchKey], object]
    literal: str
    is_pattern: bool


def matcher(text: str) -> Matcher:
    """Make the test for a text."""
    wanted = plain(text)
    is_path = "/" in wanted
    if is_pattern(wanted):
        # What stands behind a bracket may be in it, and is one character of several then.
        literal = max(_WILD.split(wanted.partition("[")[0]), key=len)
        fits = re.compile(fnmatch.translate(wanted)).match
        of_key = (lambda key: fits(key.plain)) if is_path else (lambda key: fits(key.plain_base))
        return Matcher(of_key, literal, True)
    if is_path:
        return Matcher(lambda key: wanted in key.plain, wanted, False)
    return Matcher(lambda key: wanted in key.plain_base, wanted, False)


def is_pattern(text: str) -> bool:
    """Return whether a text is a glob."""
    return not _GLOB.isdisjoint(text)


def without_slash(text: str) -> str:
    """Leave out the ``/`` at the end of a name, with which lists show folders."""
    return text.rstrip("/") or text


def last_component(path: str) -> str:
    """Return the part of a path after its last ``/``."""
    return path[path.rfind("/") + 1 :]


def _rank(name: str, text: str) -> int | None:
    base = last_component(name)
    candidates = (name, base, name.removesuffix(SUFFIX), base.removesuffix(SUFFIX))
    return candidates.index(text) if text in candidates else None
