"""
Divide what an authority remembers into what all registries of its network are to know; pure.

    invites/HASH    an invite that is open, or was
    names/NAME      who has a name, and which keys it had before
    revoked/HASH    a revocation, as it was signed

What is a registry's own is none of these, such as which certificates it has issued, and when it
has met whom: to that, another one has no say.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from p2p_twisted.registry.name_holder import NOT_MET

INVITES: Final = "invites/"
NAMES: Final = "names/"
REVOKED: Final = "revoked/"

_KEY: Final = 2
_MET: Final = 9
"""Of the fields that a :class:`NameHolder` writes."""

Items = Mapping[str, Any]
"""By their paths."""


def items_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shared of what :meth:`Authority.to_json` writes."""
    former = kept["former"]
    names = {
        f"{NAMES}{name}": [_met(holder, 0.0), [_met(each, 0.0) for each in former.get(name, [])]]
        for name, holder in kept["holders"].items()
    }
    invites = {f"{INVITES}{digest}": terms for digest, *terms in kept["invites"]}
    return names | invites | revoked_items(kept["revocations"])


def revoked_items(texts: Iterable[str]) -> dict[str, Any]:
    """Return those of some revocations."""
    return {f"{REVOKED}{hashlib.sha256(text.encode()).hexdigest()}": text for text in texts}


def kept_of(items: Items, own: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return what :meth:`Authority.restore` reads of what is shared.

    :param own: what :meth:`Authority.to_json` has written here: it says who was met, and when.
    """
    names = _below(NAMES, items)
    freed = (holder for _, holder, _ in own["freed"])
    seen = chain(own["holders"].values(), *own["former"].values(), freed)
    met = {each[_KEY]: each[_MET] for each in seen}

    def known(holder: Sequence[Any]) -> list[Any]:
        return _met(holder, met.get(holder[_KEY], NOT_MET))

    return {
        "holders": {name: known(holder) for name, (holder, _former) in names.items()},
        "former": {name: list(map(known, former)) for name, (_, former) in names.items() if former},
        "invites": [[digest, *terms] for digest, terms in _below(INVITES, items).items()],
        "revocations": list(_below(REVOKED, items).values()),
    }


def without_invites(items: Items) -> dict[str, Any]:
    """Return the others."""
    return {path: value for path, value in items.items() if not path.startswith(INVITES)}


def differences(old: Items, new: Items) -> dict[str, Any]:
    """
    Return what makes the new items of the old ones: ``None`` for those that are no more.

    Revocations stay: another registry may believe one that this one does not, yet.
    """
    changed = {path: value for path, value in new.items() if old.get(path) != value}
    gone = (path for path in old if path not in new and not path.startswith(REVOKED))
    return changed | dict.fromkeys(gone)


def _met(holder: Sequence[Any], at: float) -> list[Any]:
    """Say of a holder's record when it was met."""
    return [*holder[:_MET], at, *holder[_MET + 1 :]]


def _below(folder: str, items: Items) -> dict[str, Any]:
    return {path[len(folder) :]: each for path, each in items.items() if path.startswith(folder)}
