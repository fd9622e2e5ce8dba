"""Read what is asked of a private network's registry, and refuse it."""

import base64
import binascii
from collections.abc import Callable

from p2p_twisted.registry.name_holders import NameHeld
from p2p_twisted.trust.identity import ADMIN, REGISTRY
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.trust.trust_errors import (
    BadCertificateRequest,
    NoSuchInvite,
    TrustError,
    UnknownKey,
)
from p2p_twisted.trust.voucher import Voucher
from p2p_twisted.wire.messages import Error, MakeInvite


def record_of(
    terms: MakeInvite, vouchers: tuple[Voucher, ...], now: float
) -> Callable[[str], OpenInvite]:
    """
    Return what makes the record of an invite of the hash of its secret.

    :param vouchers: on whose word it is made.
    """
    roles = [ADMIN] * terms.admin + [REGISTRY] * terms.registry
    expires = now + terms.seconds
    return lambda digest: OpenInvite(
        digest,
        uses=terms.uses,
        expires=expires,
        roles=roles,
        groups=terms.groups,
        vouchers=vouchers,
    )


def refusal(error: TrustError) -> Error:
    """Say that something is not done."""
    match error:
        case UnknownKey():
            # Another registry may know it.
            return Error(str(error), "later")
        case NameHeld():
            return Error(str(error), "taken")
        case NoSuchInvite():
            return Error(str(error), "unknown")
        case _:
            return Error(str(error), "refused")


def decoded(request: str) -> bytes:
    """
    Decode a request for a certificate.

    :raises BadCertificateRequest: when it is none.
    """
    try:
        return base64.b64decode(request)
    except binascii.Error:
        raise BadCertificateRequest("that is not a request for a certificate") from None
