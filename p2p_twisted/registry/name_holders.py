"""Remember to whom the names of a private network belong."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import attrs

from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.credentials import key_hash
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

    :ivar since: since when, in seconds since 1970.
    :ivar expires: until when, likewise.
    :ivar key: the hash of its key, in hexadecimal digits.
    :ivar is_admin: whether it is an admin.
    :ivar groups: which groups it is in.
    :ivar invite: the hash of the secret by which it came, until it has shown its certificate.
    :ivar certificate: what it got for that, likewise, in DER and base64.
    :ivar came_by: the hash of the secret by which it came, for good.
    """

    since: float
    expires: float
    key: str
    is_admin: bool
    groups: tuple[PeerName, ...]
    invite: str = ""
    certificate: str = ""
    came_by: str = ""

    @classmethod
    def of(cls, shown: VerifiedCertificate, invite: str = "", certificate: str = "") -> Self:
        """Return whom a certificate is for."""
        identity, key = shown.identity, key_hash(shown.key).hex()
        groups = tuple(sorted(identity.groups))
        dates = shown.since, shown.expires
        return cls(*dates, key, identity.is_admin, groups, invite, certificate, came_by=invite)


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

    def newcomer(self, name: PeerName, invite: str) -> NameHolder | None:
        """Return who came by an invite and has not shown its certificate yet, if anybody."""
        holder = self._held.get(name)
        return holder if holder is not None and holder.invite == invite else None

    def is_news(self, name: PeerName, holder: NameHolder) -> bool:
        """Return whether somebody has a name that it is not known to have, or for longer."""
        held = self._held.get(name)
        return held is None or held.expires < holder.expires

    def holds(self, name: PeerName) -> bool:
        """Return whether somebody has a name."""
        return name in self._held

    def met(self, name: PeerName, key: str) -> None:
        """Hear that somebody has shown its certificate: so it need not be given again."""
        held = self._held.get(name)
        if held is not None and held.certificate and held.key == key:
            self._held[name] = attrs.evolve(held, invite="", certificate="")

    def hold(self, name: PeerName, holder: NameHolder, now: float) -> None:
        """Give a name; those whose certificates have ended are forgotten."""
        before = self._held.get(name)
        if before is not None and before.since == holder.since and not holder.came_by:
            # It is renewed.
            holder = attrs.evolve(holder, came_by=before.came_by)
        self._held = {known: each for known, each in self._held.items() if each.expires > now}
        self._held[name] = holder

    def free(self, name: PeerName, before: float) -> NameHolder | None:
        """Take a name from whoever got it before some moment, and return that one."""
        holder = self._held.get(name)
        if holder is None or holder.since >= before:
            return None
        return self._held.pop(name)

    def members(self, now: float, after: str, most: int) -> tuple[list[MemberRecord], int]:
        """
        List those whose certificates are good, by name.

        :param after: those that come after this one.
        :returns: ``most`` of them at most, and how many there are.
        """
        good = (name for name, each in self._held.items() if each.expires > now)
        names = sorted(name for name in good if name > after)
        return [self._member(name, self._held[name]) for name in names[:most]], len(names)

    def member(self, name: PeerName, now: float) -> MemberRecord | None:
        """Describe who has a name, if its certificate is good."""
        held = self._held.get(name)
        return None if held is None or held.expires <= now else self._member(name, held)

    def admins(self, now: float) -> list[PeerName]:
        """List the admins among them, by name."""
        held = self._held.items()
        return sorted(name for name, each in held if each.is_admin and each.expires > now)

    def _member(self, name: PeerName, of: NameHolder) -> MemberRecord:
        return MemberRecord(name, float(int(of.expires)), of.is_admin, of.groups)

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
        for name, (since, expires, key, is_admin, groups, invite, certificate, by) in kept.items():
            made._held[str(name)] = NameHolder(
                since=float(since),
                expires=float(expires),
                key=str(key),
                is_admin=bool(is_admin),
                groups=tuple(map(str, groups)),
                invite=str(invite),
                certificate=str(certificate),
                came_by=str(by),
            )
        return made
