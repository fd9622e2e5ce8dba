"""Remember from whom names of a private network were taken, while that may have been a thief's."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import attrs

from p2p_twisted.registry.limits import NAMES_KEPT
from p2p_twisted.registry.name_holder import NameHolder
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.voucher import Voucher
from p2p_twisted.wire.names import PeerName


@attrs.frozen
class _Freed:
    """
    Who had a name until it was revoked.

    :ivar by: on whose word it was revoked.
    """

    name: PeerName
    holder: NameHolder
    by: tuple[Voucher, ...]


class FreedNames:
    """
    Those whose names were revoked: where that was said with a stolen registry, they come back.

    Where there are too many, those whose certificates have ended are forgotten first, and then
    those that were met last: whom a thief has made up is none that was met before the theft.
    """

    def __init__(self, freed: Iterable[_Freed] = ()) -> None:
        self._freed = list(freed)

    def add(
        self, name: PeerName, holders: Iterable[NameHolder], by: tuple[Voucher, ...], now: float
    ) -> None:
        """
        Remember who had a name.

        :param holders: with its earlier keys, the first one first.
        :param by: on whose word it was revoked.
        :param now: seconds since 1970.
        """
        self._freed += [_Freed(name, each, by) for each in holders]
        if len(self._freed) > NAMES_KEPT:
            known = sorted(
                enumerate(self._freed),
                key=lambda item: (item[1].holder.expires <= now, item[1].holder.met),
            )
            self._freed = [each for _, each in sorted(known[:NAMES_KEPT], key=lambda item: item[0])]

    def returned(self, revocations: RevocationList) -> dict[PeerName, tuple[NameHolder, ...]]:
        """Return to whom names belong as what had taken them does not count; the last one last."""
        issuers, found = revocations.issuers, dict[PeerName, tuple[NameHolder, ...]]()
        if not issuers:
            return found
        for each in self._freed:
            holder = each.holder
            is_cut = revocations.is_cut(each.name, holder.since)
            if not is_cut and not issuers.vouch_for(each.by) and holder.counts(issuers):
                found[each.name] = (*found.get(each.name, ()), holder)
        return found

    def to_json(self) -> list[Any]:
        """Write what :meth:`from_json` reads."""
        return [
            [each.name, each.holder.to_json(), [by.to_label() for by in each.by]]
            for each in self._freed
        ]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> Self:
        """
        Read what was written down.

        :raises ValueError, TypeError, NotTrusted: when it was not.
        """
        return cls(
            _Freed(str(name), NameHolder.from_json(holder), tuple(map(Voucher.from_label, by)))
            for name, holder, by in kept
        )
