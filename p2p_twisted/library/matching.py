"""
Match names against searches, and rank the matches.

Each peer selects its hits by these rules, and the peer that asked ranks all hits by them again.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Callable
from typing import Final

from attrs import frozen

from p2p_twisted.wire.names import collision_key

SUFFIX: Final = ".txt"
"""A suffix that may be left out when a name is typed."""

_OTHER_CASE: Final = 4
_GLOB: Final = frozenset("*?[")


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


@frozen
class MatchKey:
    """
    A name in the form that searches compare: case and normal form do not matter.

    :ivar base: its last component.
    """

    path: str
    base: str


def key(name: str) -> MatchKey:
    """Prepare a shared name for comparison."""
    path = collision_key(name)
    return MatchKey(path, last_component(path))


def matcher(text: str) -> Callable[[MatchKey], object]:
    """
    Make a test for names that contain ``text``, or match it as a glob.

    If ``text`` has a ``/``, whole paths are compared, otherwise their last components.
    Case does not matter.

    :returns: a function that returns a true value for the key of a name that matches.
    """
    wanted = collision_key(unicodedata.normalize("NFC", text))
    is_path = "/" in wanted
    if is_pattern(wanted):
        fits = re.compile(fnmatch.translate(wanted)).match
        return (lambda key: fits(key.path)) if is_path else (lambda key: fits(key.base))
    return (lambda key: wanted in key.path) if is_path else (lambda key: wanted in key.base)


def is_pattern(text: str) -> bool:
    """Return whether a text is a glob."""
    return not _GLOB.isdisjoint(text)


def last_component(path: str) -> str:
    """Return the part of a path after its last ``/``."""
    return path[path.rfind("/") + 1 :]


def _rank(name: str, text: str) -> int | None:
    base = last_component(name)
    candidates = (name, base, name.removesuffix(SUFFIX), base.removesuffix(SUFFIX))
    return candidates.index(text) if text in candidates else None
