"""Tell the certificates of one network from all others."""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Self

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from p2p_twisted.trust import limits
from p2p_twisted.trust.credentials import issuer_id, key_hash, p256, shortened
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.serial_number import SerialNumber
from p2p_twisted.trust.trust_errors import (
    BadCredentials,
    CertificateExpired,
    CertificateNotYetValid,
    NotTrusted,
)

_DAY_SECONDS: Final = 86_400
_ISSUERS_MOST: Final = 1
_OF_ANOTHER: Final = "the certificate is not of this network"


@attrs.frozen
class VerifiedCertificate:
    """
    What a certificate says, once it is known to be true.

    :ivar identity: whom it is for.
    :ivar issued: when it was issued, in seconds since 1970.
    :ivar expires: until when it is good, likewise.
    :ivar key: whose private part its owner has.
    :ivar issuer: who has signed it, as :func:`issuer_id` calls it.
    """

    identity: Identity
    serial: SerialNumber
    issued: float
    expires: float
    key: ec.EllipticCurvePublicKey
    issuer: str

    @classmethod
    def read(cls, certificate: x509.Certificate) -> Self:
        """
        Read a certificate that was verified, by :class:`TrustAnchor` or by TLS.

        :raises NotTrusted: when it does not say whom it is for.
        """
        try:
            extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            names = extension.value.get_values_for_type(x509.DNSName)
            key = p256(certificate.public_key())
            signed = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
            # TLS has compared that one with the signer's own.
            issuer = shortened(signed.value.key_identifier or b"")
        except (x509.ExtensionNotFound, ValueError, BadCredentials):
            raise NotTrusted("the certificate does not say whom it is for") from None
        if not issuer:
            raise NotTrusted("the certificate does not say who has signed it")
        return cls(
            Identity.from_dns_names(names, issuer),
            SerialNumber.from_int(certificate.serial_number),
            issued=certificate.not_valid_before_utc.timestamp() + limits.BACKDATED_SECONDS,
            expires=certificate.not_valid_after_utc.timestamp(),
            key=key,
            issuer=issuer,
        )

    @property
    def since(self) -> float:
        """When its owner came in, which it may have renewed since, in seconds since 1970."""
        return self.identity.since or self.issued

    def is_due(self, now: float) -> bool:
        """Return whether it is time to have it renewed: not for all at once who came at once."""
        due = float(limits.RENEWAL_AFTER_DAYS * _DAY_SECONDS)
        due += limits.RENEWAL_SPREAD_SECONDS * self.serial.fraction
        # One for a shorter time is renewed the sooner.
        share = (self.expires - self.issued) / (limits.CERTIFICATE_DAYS * _DAY_SECONDS)
        return now >= self.issued + share * due

    def is_ending(self, now: float) -> bool:
        """Return whether its owner should hear that it ends soon."""
        return now >= self.expires - limits.WARNING_DAYS * _DAY_SECONDS


@attrs.frozen
class TrustAnchor:
    """
    The root certificate of a network, and what follows from it.

    :ivar root: signed by its own key.
    """

    root: x509.Certificate

    @classmethod
    def named(cls, sent: Sequence[x509.Certificate], root_hash: bytes) -> Self:
        """
        Find the root whose key has a hash, or begins of one, among certificates of a stranger.

        :param root_hash: as an invite has it.
        :raises NotTrusted: when it is not among them.
        """
        for certificate in sent:
            try:
                found = key_hash(certificate.public_key())[: len(root_hash)]
                if hmac.compare_digest(found, root_hash):
                    certificate.verify_directly_issued_by(certificate)
                    return cls(certificate)
            except (BadCredentials, InvalidSignature, ValueError, TypeError):
                continue
        raise NotTrusted("it is no registry of the network that the invite is for")

    def verify(
        self, certificate: x509.Certificate, signers: Sequence[x509.Certificate], at: float
    ) -> VerifiedCertificate:
        """
        Make sure that a certificate is this network's, and good at some time.

        :param signers: its issuer's, and perhaps others.
        :param at: seconds since 1970.
        :raises CertificateExpired: when it was good before.
        :raises CertificateNotYetValid: when it will be.
        :raises NotTrusted: in all other cases.
        """
        moment = datetime.fromtimestamp(at, UTC)
        policy = PolicyBuilder().store(Store([self.root])).max_chain_depth(_ISSUERS_MOST)
        try:
            verified = (
                policy.time(moment).build_client_verifier().verify(certificate, list(signers))
            )
            signer = p256(verified.chain[1].public_key())
        except (VerificationError, ValueError, IndexError, BadCredentials):
            fault = date_fault(certificate, at) or NotTrusted(_OF_ANOTHER)
            raise fault from None
        made = VerifiedCertificate.read(certificate)
        if made.issuer != issuer_id(signer):
            # Who has an issuer's key could pass its certificates off as another one's.
            raise NotTrusted("the certificate names another signer than it has")
        return made


def date_fault(
    certificate: x509.Certificate, at: float, whose: str = "the"
) -> CertificateExpired | CertificateNotYetValid | None:
    """
    Return why a certificate is not good at some time, if it is not: clocks are often the cause.

    :param at: seconds since 1970.
    :param whose: it is, for people.
    """
    moment = datetime.fromtimestamp(at, UTC)
    clock = f"this machine's clock says {_shown(moment)}"
    if moment > certificate.not_valid_after_utc:
        ended = _shown(certificate.not_valid_after_utc)
        return CertificateExpired(f"{whose} certificate ended at {ended}, and {clock}")
    if moment < certificate.not_valid_before_utc:
        begins = _shown(certificate.not_valid_before_utc)
        return CertificateNotYetValid(f"{whose} certificate begins at {begins}, and {clock}")
    return None


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
