"""Guess what was meant by a name that nothing has."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from glob import escape
from typing import Final

from twisted.internet.defer import Deferred, DeferredList

from p2p_twisted.library.matching import is_pattern, last_component, natural_order, plain
from p2p_twisted.peer.searches import Searches
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

_LONGEST_TEXT: Final = 100
"""To compare longer ones takes too long."""

_NAMES_COMPARED: Final = 500
_SHOWN: Final = 3
_PART: Final = 3
"""So many letters at the beginning or the end of a name are taken for right."""

_ALIKE: Final = 0.7
"""How much of two names is the same, at least: see :meth:`difflib.SequenceMatcher.ratio`."""


async def suggestions(
    searches: Searches, text: str, holder: PeerName | None, offload: Offload
) -> tuple[str, ...]:
    """
    Ask for names that a person may have meant.

    :param text: a name that nothing has.
    :param holder: the only peer that counts.
    """
    asked = [
        Deferred.fromCoroutine(searches.ask("text", each, holder=holder, by_person=False))
        for each in likely(text)
    ]
    answers = await DeferredList(asked, consumeErrors=True)
    hits = [hit for is_answered, found in answers if is_answered for hit in found.hits]
    return await offload(alike, text, hits)


def likely(text: str) -> tuple[str, ...]:
    """List what to search for: the text as a part of a name, and names that begin or end so."""
    base = last_component(text)
    if not base or is_pattern(base) or len(base) > _LONGEST_TEXT:
        return ()
    stem = base.rpartition(".")[0] or base
    part = min(_PART, len(stem) // 2)
    ways = (base, f"{escape(stem[:part])}*", stem[-part:]) if part > 1 else (base,)
    return tuple(dict.fromkeys(ways))


def alike(text: str, hits: Iterable[Hit]) -> tuple[str, ...]:
    """Choose the names that are most like a text: those that contain it or, without any, others."""
    wanted = plain(last_component(text))
    names = {hit.name if "/" in text else last_component(hit.name) for hit in hits}
    plains = {name: plain(last_component(name)) for name in names}
    containing = [name for name, base in plains.items() if wanted in base]
    if containing:
        ordered = sorted(containing, key=lambda name: (len(plains[name]), natural_order(name)))
        return tuple(ordered[:_SHOWN])
    near = sorted(plains, key=lambda name: (abs(len(plains[name]) - len(wanted)), name))
    compared = [(_sameness(wanted, plains[name]), name) for name in near[:_NAMES_COMPARED]]
    close = sorted((-same, natural_order(name), name) for same, name in compared if same >= _ALIKE)
    return tuple(name for _same, _order, name in close[:_SHOWN])


def _sameness(one: str, other: str) -> float:
    """Compare two names, with or without what stands behind their dots."""
    stems = one.rpartition(".")[0] or one, other.rpartition(".")[0] or other
    return max(_ratio(one, other), _ratio(one, stems[1]), _ratio(*stems))


def _ratio(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    is_hopeless = matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE
    return 0.0 if is_hopeless else matcher.ratio()
