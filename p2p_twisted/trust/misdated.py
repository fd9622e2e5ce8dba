"""Members that have no connection because a certificate is not good by the clock of one of them."""

from typing import Any, Final

import attrs
from cryptography import x509
from OpenSSL import SSL
from twisted.python.failure import Failure

from p2p_twisted.wire.names import PeerName

# How OpenSSL has a certificate refused that has ended, and one that has not begun.
_ALERTS: Final = {"alert certificate expired": True, "alert bad certificate": False}


@attrs.frozen
class Misdated:
    """
    Another member, with which dates keep this one from talking.

    :ivar name: whose that is; ``None`` where the certificate of all of the network is refused.
    :ivar has_ended: whether what is refused has ended; otherwise it has not begun.
    :ivar shown: the other's certificate, if this peer refuses it; ``None`` where the other refuses
        that of this peer.
    """

    name: PeerName | None
    has_ended: bool
    shown: x509.Certificate | None = None


def refused_for_date(reason: Failure | None) -> bool | None:
    """
    Return whether the other end has refused our certificate as one that has ended.

    :param reason: why a connection was lost.
    :returns: ``False`` for one that has not begun; ``None`` where dates are not why.
    """
    if reason is None or reason.check(SSL.Error) is None:
        return None
    told: Any = reason.value
    said = str(told)
    return next((has_ended for alert, has_ended in _ALERTS.items() if alert in said), None)
