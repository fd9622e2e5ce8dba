"""Remember to whom the names of a private network belong."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import attrs

from p2p_twisted.trust.identity import REGISTRY
from p2p_twisted.trust.trust_errors import TrustError
from p2p_twisted.wire.messages import MemberRecord
from p2p_twisted.wire.names import PeerName


class NameHeld(TrustError):
    """Somebody has a certificate for the name, which is still good."""


@attrs.frozen
class NameHolder:
    """
    Who has a name.

    :ivar issued: since when, in seconds since 1970.
    :ivar expires: until when, likewise.
    :ivar key: the hash of its key, in hexadecimal digits.
    :ivar is_admin: whether it is an admin.
    :ivar groups: which groups it is in.
    """

    issued: float
    expires: float
    key: str
    is_admin: bool
    groups: tuple[PeerName, ...]


class NameHolders:
    """
    A name belongs to whoever has a certificate for it that is good and was not revoked.

    All dates are in seconds since 1970.
    """

    def __init__(self) -> None:
        self._held: dict[PeerName, NameHolder] = {}

    def check_free(self, name: PeerName, key: str, now: float) -> None:
        """
        Make sure that a name may be given to who has a key.

        :raises NameHeld: when it may not.
        """
        if name == REGISTRY:
            raise NameHeld("registry is the registry's own name: choose another one")
        holder = self._held.get(name)
        # Who did not hear the answer may ask again with its key.
        if holder is not None and holder.expires > now and holder.key != key:
            raise NameHeld(
                f"the name {name} is taken: choose another one, or have an admin revoke it first"
            )

    def hold(self, name: PeerName, holder: NameHolder, now: float) -> None:
        """Give a name; those whose certificates have ended are forgotten."""
        self._held = {known: each for known, each in self._held.items() if each.expires > now}
        self._held[name] = holder

    def free(self, name: PeerName, before: float) -> None:
        """Take a name from whoever got it before some moment."""
        holder = self._held.get(name)
        if holder is not None and holder.issued < before:
            del self._held[name]

    def members(self, now: float) -> tuple[MemberRecord, ...]:
        """List those whose certificates are good, by name."""
        return tuple(
            MemberRecord(name, float(int(each.expires)), each.is_admin, each.groups)
            for name, each in sorted(self._held.items())
            if each.expires > now
        )

    def to_json(self) -> dict[str, list[Any]]:
        """Write what :meth:`from_json` reads."""
        return {name: list(attrs.astuple(each)) for name, each in self._held.items()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Sequence[Any]]) -> Self:
        """
        Read what was written down.

        :raises ValueError, TypeError: when it was not.
        """
        made = cls()
        for name, (issued, expires, key, is_admin, groups) in kept.items():
            dates = float(issued), float(expires)
            made._held[str(name)] = NameHolder(*dates, str(key), bool(is_admin), tuple(groups))
        return made
