"""Mutual TLS 1.3 with the certificates of one private network."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IProtocol,
    IReactorTime,
)
from twisted.internet.protocol import Factory
from twisted.internet.ssl import CertificateOptions, TLSVersion
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.runtime.watches import Watches
from p2p_twisted.trust.anchor import VerifiedCertificate, date_fault
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.misdated import Misdated, refused_for_date
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls_transport import TlsTransport
from p2p_twisted.trust.trust_errors import CertificateExpired, NotTrusted
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.host_limit import HostLimit
from p2p_twisted.wire.limits import HANDSHAKES_BURST, HANDSHAKES_PER_SECOND
from p2p_twisted.wire.securing import NotAdmitted

# As OpenSSL has it: pyOpenSSL makes the other choice for sockets, which these are not.
_PARTIAL_WRITES: Final = 1
# A resumed session would not show a certificate again.
_NO_SESSIONS: Final = SSL.OP_NO_TICKET

_PASSED_ON_SECONDS: Final = 2.0

_DATE_ERRORS: Final = (
    SSL.X509VerificationCodes.ERR_CERT_NOT_YET_VALID,
    SSL.X509VerificationCodes.ERR_CERT_HAS_EXPIRED,
)


@implementer(IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator)
class TlsMaker:
    """Makes the TLS of connections, all with the same certificate."""

    def __init__(self, context: SSL.Context) -> None:
        self._context = context

    def clientConnectionForTLS(self, _protocol: Any) -> SSL.Connection:  # noqa: N802
        """Make the dialer's side."""
        return SSL.Connection(self._context, None)

    def serverConnectionForTLS(self, _protocol: Any) -> SSL.Connection:  # noqa: N802
        """Make the listener's side."""
        return SSL.Connection(self._context, None)


class TlsSecurity:
    """
    Encrypts the connections of one peer or registry, and admits those of its network.

    :param clock: the reactor.
    :param welcomes_newcomers: whether to let in who shows no certificate: a registry does.
    :param date: reads the time of day, in seconds since 1970.
    :ivar credentials: whose certificate is shown.
    :ivar revocations: whose certificates do not count.
    :ivar admitted: tells those who watch of each certificate that counts.
    :ivar distrusted: tells them that our own does not count any more, because of who has signed it.
    :ivar is_distrusted: whether that is so.
    :ivar misdated: tells them of members that dates keep this one from talking with.
    """

    def __init__(
        self,
        credentials: Credentials,
        revocations: RevocationList,
        clock: IReactorTime,
        welcomes_newcomers: bool = False,
        *,
        date: Callable[[], float] = time.time,
    ) -> None:
        self._welcomes_newcomers = welcomes_newcomers
        self.revocations = revocations
        self.admitted = Watches[VerifiedCertificate]()
        self.distrusted = Watches[None]()
        self.misdated = Watches[Misdated]()
        self.is_distrusted = False
        self._clock = clock
        # On its monotonic clock: until then we tell our neighbors which issuer was revoked.
        self._passed_on_at = 0.0
        self._date = date
        # Why a registry that we dialed could not be believed.
        self._registry_fault: str | None = None
        self._limit = HostLimit(HANDSHAKES_PER_SECOND, HANDSHAKES_BURST)
        # Those that are open, with what was shown on them.
        self._open: dict[Connection, VerifiedCertificate] = {}
        self.use(credentials)

    def use(self, credentials: Credentials) -> None:
        """Show another certificate from now on: connections that are open keep the old one."""
        self.credentials = credentials
        self.is_distrusted = False
        of_listener = mutual_context(credentials, self._date, self._welcomes_newcomers)
        # Anybody may dial us, and show what others have shown before.
        of_dialer = mutual_context(credentials, self._date, refused=self._refused)
        self._dialers = self._factory(TlsMaker(of_dialer), True)
        self._listeners = self._factory(TlsMaker(of_listener), False)

    @property
    def own(self) -> VerifiedCertificate:
        """What our certificate says at the moment."""
        return VerifiedCertificate.read(self.credentials.certificate)

    def distrust(self) -> None:
        """Hear that our certificate does not count: its issuer was revoked."""
        if not self.is_distrusted:
            self.is_distrusted = True
            self.distrusted.tell(None)

    def check_own(self) -> None:
        """See whether our certificate counts by what we know of issuers."""
        if self.revocations.issuers.is_revoked(self.own):
            self.distrust()

    def cut_issuer(self) -> None:
        """
        Have it count that an issuer was revoked.

        Connections end in two seconds: what goes over them until then tells the others. Others are
        not made any more.
        """
        self._passed_on_at = self._clock.seconds() + _PASSED_ON_SECONDS
        self._clock.callLater(_PASSED_ON_SECONDS, lambda: self.cut(self._date()))
        self.check_own()

    def date_fault(self) -> str | None:
        """Return why no registry is believed, or believes us, if dates are the reason."""
        own = self.credentials.certificate
        match date_fault(own, self._date(), "this peer's"):
            case CertificateExpired() as ended:
                return f"{ended}: set the clock, or come in again with --join and a new invite"
            case None:
                return self._registry_fault
            case begins:
                return f"{begins}: set it"

    def _refused(self, shown: x509.Certificate) -> None:
        """Hear that the certificate of one whom we dialed is genuine, but not good by our clock."""
        name, fault = None, date_fault(shown, self._date(), "the registry's")
        # Not that of an issuer, or of the root, which all of its members show.
        with suppress(NotTrusted):
            whose = VerifiedCertificate.read(shown).identity
            name = whose.name
            if whose.is_registry:
                self._registry_fault = f"{fault}: set it"
        self.misdated.tell(Misdated(name, isinstance(fault, CertificateExpired), shown))

    def allows(self, host: str) -> bool:
        """Return whether a host may have us work on one more handshake."""
        return self._limit.take(host, self._clock.seconds())

    def wrap(self, inside: IProtocol, is_dialer: bool) -> TlsTransport:
        """Return what speaks TLS on one connection."""
        factory = self._dialers if is_dialer else self._listeners
        return TlsTransport(factory, inside)

    def admit(self, certificate: X509 | None, connection: Connection) -> Identity | None:
        """
        Read a certificate that TLS has verified.

        :param connection: ends when the certificate does, or is revoked.
        :returns: whose it is; ``None`` for a newcomer. One whose issuer was revoked is the same to
            a registry: as its key may be known from before, it can be certified anew.
        :raises NotAdmitted: when it was revoked, or does not say whose it is.
        """
        if certificate is None:
            if self._welcomes_newcomers:
                return None
            raise NotAdmitted("it has shown no certificate")
        try:
            verified = VerifiedCertificate.read(certificate.to_cryptography())
        except NotTrusted as error:
            raise NotAdmitted(str(error)) from None
        name = verified.identity.name
        if self.revocations.issuers.is_revoked(verified):
            if self._welcomes_newcomers and connection.gate.is_greeted:
                return None
            raise NotAdmitted(
                f"the registry that has certified {name} was revoked: another one will certify it"
                " anew, or let it in by a new invite"
            )
        if self.revocations.is_revoked(verified):
            raise NotAdmitted(
                f"the certificate of {name} was revoked: ask for a new invite, and --join with it"
            )
        if verified.identity.is_registry:
            self._registry_fault = None
        self._open[connection] = verified
        self.admitted.tell(verified)
        return verified.identity

    def forget(self, connection: Connection, reason: Failure | None = None) -> None:
        """Forget a connection that has ended, perhaps as a member refuses our certificate."""
        shown, has_ended = self._open.pop(connection, None), refused_for_date(reason)
        if shown is not None and has_ended is not None:
            self.misdated.tell(Misdated(shown.identity.name, has_ended))

    def cut(self, now: float) -> None:
        """
        End all connections on which a certificate was shown that does not count any more.

        :param now: seconds since 1970.
        """
        issuers = self.revocations.issuers
        is_known = self._clock.seconds() >= self._passed_on_at
        for connection, shown in list(self._open.items()):
            is_cut = self.revocations.is_cut(shown.identity.name, shown.since)
            if shown.expires <= now or is_cut or (is_known and issuers.is_revoked(shown)):
                connection.abort()

    def _factory(self, maker: TlsMaker, is_dialer: bool) -> TLSMemoryBIOFactory:
        # It makes no protocol itself.
        return TLSMemoryBIOFactory(maker, is_dialer, Factory(), self._clock)


def _unheard(_certificate: x509.Certificate) -> None:
    """Ignore a certificate."""


def mutual_context(
    credentials: Credentials,
    date: Callable[[], float],
    welcomes_newcomers: bool = False,
    refused: Callable[[x509.Certificate], None] = _unheard,
) -> SSL.Context:
    """
    Make what both ends of a connection need: each shows a certificate, and wants one.

    :param date: reads the time of day, in seconds since 1970.
    :param welcomes_newcomers: go on without one, and show the root's for them to compare.
    :param refused: is told of one that is of this network, but not good at that time.
    """
    # pyOpenSSL wants cryptography's own objects, and Twisted's types do not know that yet.
    key: Any = credentials.key
    # All but newcomers have the root's.
    sent: list[Any] = list(credentials.certificates[: None if welcomes_newcomers else -1])
    context = CertificateOptions(
        privateKey=key,
        certificate=sent[0],
        # Without the issuer's the other side could not follow it to the root.
        extraCertChain=sent[1:],
        verify=True,
        caCerts=[X509.from_cryptography(credentials.root)],
        requireCertificate=not welcomes_newcomers,
        raiseMinimumTo=TLSVersion.TLSv1_3,
    ).getContext()
    context.set_options(_NO_SESSIONS)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.clear_mode(_PARTIAL_WRITES)
    context.set_verify(context.get_verify_mode(), _by_date(date, refused))
    return context


def _by_date(
    date: Callable[[], float], refused: Callable[[x509.Certificate], None]
) -> Callable[[SSL.Connection, X509, int, int, int], bool]:
    """
    Judge the dates of certificates by our clock instead of OpenSSL's.

    OpenSSL keeps the first date that a context is told, so it cannot be told each time.
    """

    def judge(_tls: SSL.Connection, shown: X509, error: int, _depth: int, is_good: int) -> bool:
        # It asks of each certificate: once for each fault, and where there is none.
        if not is_good and error not in _DATE_ERRORS:
            return False
        certificate = shown.to_cryptography()
        is_current = date_fault(certificate, date()) is None
        if not is_current:
            refused(certificate)
        return is_current

    return judge
