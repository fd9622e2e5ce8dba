"""Remember on whose word a registry has certified somebody: another one's may be revoked later."""

import re
from collections.abc import Iterable
from typing import Final, Self

from attrs import frozen

from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.trust.limits import ISSUER_REVOKED_SINCE_DAYS, VOUCHERS
from p2p_twisted.trust.trust_errors import NotTrusted, TrustError

_LIFE_SECONDS: Final = ISSUER_REVOKED_SINCE_DAYS * DAY_SECONDS
_LABEL: Final = re.compile("([0-9a-f]{20})-([0-9a-f]{1,10})")


@frozen(order=True)
class Voucher:
    """
    The certificate of another issuer, by which a registry knew somebody.

    :ivar issuer: which one, as :func:`issuer_id` calls it.
    :ivar at: when the registry saw that, in seconds since 1970, whole ones.
    """

    issuer: str
    at: int

    def to_label(self) -> str:
        """Write it as certificates carry it."""
        return f"{self.issuer}-{self.at:x}"

    @classmethod
    def from_label(cls, label: str) -> Self:
        """
        Read what :meth:`to_label` has written.

        :raises NotTrusted: when it is anything else.
        """
        read = _LABEL.fullmatch(label)
        if read is None:
            raise NotTrusted("the certificate does not say on whose word it was given")
        return cls(read[1], int(read[2], 16))


def still_needed(vouchers: Iterable[Voucher], own: str, now: float) -> tuple[Voucher, ...]:
    """
    Return those that a new certificate has to carry: the latest of each other issuer.

    One that is so old that nobody can say any more that its issuer was in the wrong hands by then
    has been judged at each renewal since.

    :param own: the issuer of that certificate.
    :param now: seconds since 1970.
    :raises TrustError: when there are too many.
    """
    latest = {each.issuer: each for each in sorted(vouchers) if each.at > now - _LIFE_SECONDS}
    latest.pop(own, None)
    if len(latest) > VOUCHERS:
        raise TrustError(
            f"more than {VOUCHERS} other registries have certified this peer of late: have its name"
            " revoked, and invite it again"
        )
    return tuple(latest.values())
