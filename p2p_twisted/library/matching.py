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


def matcher(text: str) -> Callable[[str], bool]:
    """
    Make the test for names that have ``text`` in them, or match it as a glob.

    Where ``text`` has a ``/`` it is about paths, otherwise about their last
    components. Case does not matter.

    :returns: takes the :func:`~p2p_twisted.wire.names.collision_key` of a path.
    """
    wanted = collision_key(unicodedata.normalize("NFC", text))
    whole = "/" in wanted
    if _GLOB.isdisjoint(wanted):
        return lambda key: wanted in (key if whole else last_component(key))
    fits = re.compile(fnmatch.translate(wanted)).match
    return lambda key: fits(key if whole else last_component(key)) is not None


def last_component(path: str) -> str:
    """Take the part of a path behind its last ``/``."""
    return path[path.rfind("/") + 1 :]


def _rank(name: str, text: str) -> int | None:
    base = last_component(name)
    candidates = (name, base, name.removesuffix(SUFFIX), base.removesuffix(SUFFIX))
    return candidates.index(text) if text in candidates else None
