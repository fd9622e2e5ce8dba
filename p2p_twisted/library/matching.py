"""
Which names a search means, and which of them it means most.

The peer that asks ranks the hits of others by the same rules by which each
peer has chosen them.
"""

import fnmatch
import re
import unicodedata
from collections.abc import Callable
from typing import Final

from attrs import frozen

from p2p_twisted.wire.names import collision_key

SUFFIX: Final = ".txt"
"""What a name may be typed without."""

_OTHER_CASE: Final = 4
_GLOB: Final = frozenset("*?[")


def rank(name: str, text: str) -> int | None:
    """
    Tell how well a shared name answers to a name as typed.

    :param name: a file's or folder's path; what is typed without ``/`` means its last
        component.
    :returns: 0 for the very path, 1 for the very last component, 2 and 3 for those
        with ``.txt`` behind what was typed, 4 to 7 for the same in another case;
        ``None`` when the name is another.
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
    A name as searches compare it: without regard to case or normal form.

    :ivar base: its last component.
    """

    path: str
    base: str


def key(name: str) -> MatchKey:
    """Prepare a shared name for being compared."""
    path = collision_key(name)
    return MatchKey(path, last_component(path))


def matcher(text: str) -> Callable[[MatchKey], object]:
    """
    Make the test for names that have ``text`` in them, or match it as a glob.

    Where ``text`` has a ``/`` it is about paths, otherwise about their last
    components. Case does not matter.

    :returns: gives something true for the key of a name that fits.
    """
    wanted = collision_key(unicodedata.normalize("NFC", text))
    is_path = "/" in wanted
    if is_pattern(wanted):
        fits = re.compile(fnmatch.translate(wanted)).match
        return (lambda key: fits(key.path)) if is_path else (lambda key: fits(key.base))
    return (lambda key: wanted in key.path) if is_path else (lambda key: wanted in key.base)


def is_pattern(text: str) -> bool:
    """Tell whether a text stands for all names that match it as a glob."""
    return not _GLOB.isdisjoint(text)


def last_component(path: str) -> str:
    """Take the part of a path behind its last ``/``."""
    return path[path.rfind("/") + 1 :]


def _rank(name: str, text: str) -> int | None:
    base = last_component(name)
    candidates = (name, base, name.removesuffix(SUFFIX), base.removesuffix(SUFFIX))
    return candidates.index(text) if text in candidates else None
