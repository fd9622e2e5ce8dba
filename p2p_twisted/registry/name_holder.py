"""What a private network's registry records of who has a name."""

from collections.abc import Sequence
from typing import Any, Final, Self

import attrs

from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.trust.credentials import key_hash
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.revoked_issuers import RevokedIssuers
from p2p_twisted.trust.voucher import Voucher
from p2p_twisted.wire.names import PeerName

NOT_MET: Final = 1e15


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
    :ivar issuer: who has certified it, as :func:`issuer_id` calls it; empty if that is not known.
    :ivar met: when its key was recorded here, in seconds since 1970; later than ever, where only
        another registry says that it was.
    :ivar vouchers: on whose word else it was certified.
    """

    since: float
    expires: float
    key: str
    is_admin: bool
    groups: tuple[PeerName, ...]
    invite: str = ""
    certificate: str = ""
    came_by: str = ""
    issuer: str = ""
    met: float = 0.0
    vouchers: tuple[Voucher, ...] = ()

    @classmethod
    def of(
        cls, shown: VerifiedCertificate, now: float, invite: str = "", certificate: str = ""
    ) -> Self:
        """Return whom a certificate is for, which is recorded now."""
        identity, key = shown.identity, key_hash(shown.key).hex()
        groups = tuple(sorted(identity.groups))
        return cls(
            since=shown.since,
            expires=shown.expires,
            key=key,
            is_admin=identity.is_admin,
            groups=groups,
            invite=invite,
            certificate=certificate,
            came_by=invite,
            issuer=shown.issuer,
            met=now,
            vouchers=identity.vouchers,
        )

    @property
    def is_met(self) -> bool:
        """Whether this registry itself has seen its key."""
        return self.met < NOT_MET

    def counts(self, issuers: RevokedIssuers) -> bool:
        """Return whether it was recorded while all counted on whose word it is known."""
        is_good = issuers.vouches(self.issuer, self.met)
        return is_good and issuers.vouch_for(self.vouchers)

    def to_json(self) -> list[Any]:
        """Write what :meth:`from_json` reads."""
        *fields, _ = attrs.astuple(self, recurse=False)
        return [*fields, [each.to_label() for each in self.vouchers]]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> Self:
        """
        Read what was written down, perhaps by a version that knew less.

        :raises ValueError, TypeError, NotTrusted: when it was not.
        """
        since, expires, key, is_admin, groups, invite, certificate, by, *more = kept
        issuer, met, vouchers = more or ("", 0.0, ())
        return cls(
            since=float(since),
            expires=float(expires),
            key=str(key),
            is_admin=bool(is_admin),
            groups=tuple(map(str, groups)),
            invite=str(invite),
            certificate=str(certificate),
            came_by=str(by),
            issuer=str(issuer),
            met=float(met),
            vouchers=tuple(map(Voucher.from_label, vouchers)),
        )

    def identity(self, name: PeerName) -> Identity:
        """Return what it was certified as, and on whose word it is known."""
        vouchers = self.vouchers
        if self.issuer:
            vouchers = (*vouchers, Voucher(self.issuer, int(self.met)))
        roles = [ADMIN] if self.is_admin else []
        return Identity(name, roles, self.groups, int(self.since), vouchers)
