"""
Make certificates: a root for ten years, issuers for two, and for those whom they let in, a month.

The root need not be where a registry runs: it signs one issuer for each registry, and issuers
sign everything else.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from p2p_twisted.trust import limits
from p2p_twisted.trust.credentials import Credentials, new_key, p256
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.serial_number import SerialNumber
from p2p_twisted.trust.trust_errors import CertificateExpired
from p2p_twisted.wire.names import NetworkName

_ROOT: Final = "root"
_BOTH_ENDS: Final = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)


def make_root(network: NetworkName, serial: SerialNumber, now: float) -> Credentials:
    """
    Make the key and the certificate that a network trusts.

    :param now: seconds since 1970.
    """
    key = new_key()
    name = _named(network, _ROOT)
    builder = _builder(name, key.public_key(), serial, now, limits.ROOT_DAYS)
    builder = _may_sign(builder, path_length=1)
    return Credentials(key, (_signed(builder.issuer_name(name), key),))


def make_issuer(
    root: Credentials, network: NetworkName, serial: SerialNumber, now: float
) -> Credentials:
    """Make the key and the certificate of an issuer, which cannot make others."""
    key = new_key()
    chain = certify_issuer(root, key.public_key(), network, serial=serial, now=now)
    return Credentials(key, chain)


def certify_issuer(
    root: Credentials,
    key: ec.EllipticCurvePublicKey,
    network: NetworkName,
    *,
    serial: SerialNumber,
    now: float,
) -> tuple[x509.Certificate, ...]:
    """
    Certify the key of an issuer, which need not leave the machine that it was made on.

    :returns: its certificate and the root's.
    :raises CertificateExpired: when the root's has ended.
    """
    builder = _builder(
        _named(network, "issuer"), p256(key), serial, now, limits.ISSUER_DAYS, signer=root
    )
    return _issued(_may_sign(builder, path_length=0), root)


def certify(
    issuer: Credentials,
    key: ec.EllipticCurvePublicKey,
    identity: Identity,
    *,
    serial: SerialNumber,
    now: float,
    days: int = limits.CERTIFICATE_DAYS,
) -> tuple[x509.Certificate, ...]:
    """
    Certify that a key is somebody's.

    :param now: seconds since 1970; :meth:`RevocationList.issuable_at` says which.
    :param days: for how many: :data:`limits.CERTIFICATE_DAYS` at most.
    :returns: the certificate, the issuer's and the root's.
    :raises CertificateExpired: when the issuer's has ended.
    """
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, identity.name)])
    builder = _builder(subject, p256(key), serial, now, days, signer=issuer)
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in identity.dns_names()])
    builder = (
        builder.add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(_BOTH_ENDS), critical=False)
    )
    return _issued(builder, issuer)


def _builder(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    serial: SerialNumber,
    now: float,
    days: int,
    *,
    signer: Credentials | None = None,
) -> x509.CertificateBuilder:
    issued = datetime.fromtimestamp(int(now), UTC)
    end = issued + timedelta(days=days)
    if signer is not None:
        # Nothing that it signs would be believed any longer.
        end = min(end, signer.certificate.not_valid_after_utc)
        if end <= issued:
            raise CertificateExpired(
                "the certificate that would sign this one has ended: make a new issuer, or network"
            )
    signing = key if signer is None else signer.key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial.to_int())
        # Good at once for those whose clocks are a little behind.
        .not_valid_before(issued - timedelta(seconds=limits.BACKDATED_SECONDS))
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing), critical=False)
    )


def _may_sign(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    return builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=path_length), critical=True
    ).add_extension(_usage(signs=True), critical=True)


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issued(builder: x509.CertificateBuilder, signer: Credentials) -> tuple[x509.Certificate, ...]:
    made = _signed(builder.issuer_name(signer.certificate.subject), signer.key)
    return (made, *signer.certificates)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())


def network_of(root: x509.Certificate) -> str:
    """Return of which network a root is, as :func:`make_root` was told; it need not be a name."""
    named = root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(named[0].value).removesuffix(f" {_ROOT}") if named else ""


def _named(network: NetworkName, what: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{network} {what}")])
