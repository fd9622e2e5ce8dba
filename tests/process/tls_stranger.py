"""
Strangers at the ports of a private network, with whatever certificates they could make or steal.

They speak TLS by the standard library's module, and share no code with the daemons but what makes
certificates.
"""

import ssl
import tempfile
import time
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.issuing import certify, make_issuer, make_root
from p2p_twisted.trust.serial_number import SerialNumber
from tests.process.stranger import Line, call


class _Numbers:
    """What makes a serial number, where nobody guesses it."""

    def getrandbits(self, bits: int, /) -> int:
        return (1 << bits) - 1


_NUMBER = SerialNumber.next_after(1_000, _Numbers())
_DAY = 86_400
# SEC 1: a private key on P-256 (RFC 5915), and behind it the public key that it says it has.
_KEY = (bytes.fromhex("30770201010420"), bytes.fromhex("a00a06082a8648ce3d030107a144034200"))


def context_of(shown: Credentials | bytes | None) -> ssl.SSLContext:
    """Make what dials with certificates, as PEM with its key or not, and takes everybody's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if shown is not None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(shown if isinstance(shown, bytes) else shown.to_pem())
            file.flush()
            context.load_cert_chain(file.name)
    return context


def call_securely(port: int, context: ssl.SSLContext, name: str | None = None) -> Line:
    """
    Connect, and leave the greeting unread.

    :param name: whom to ask for (SNI).
    :raises OSError: when the handshake fails.
    """
    line = call(port)
    try:
        return Line(context.wrap_socket(line.socket, server_hostname=name))
    except OSError:
        line.close()
        raise


def certificate_from(issuer: Credentials, name: str, at: float | None = None) -> Credentials:
    """
    Make a certificate with whatever an issuer's key was stolen from.

    :param at: when it is issued, in seconds since 1970; without it, now.
    """
    key, identity = new_key(), Identity(name, ["admin"])
    at = time.time() if at is None else at
    return Credentials(key, certify(issuer, key.public_key(), identity, serial=_NUMBER, now=at))


def certificates_of_strangers(
    issuer: Credentials, anna: Credentials
) -> dict[str, Credentials | bytes | None]:
    """
    Make what should get nobody in, by what it is.

    :param issuer: the network's own, to make what has expired.
    :param anna: a member.
    """
    now = time.time()
    others = make_issuer(make_root("default", _NUMBER, now), "default", _NUMBER, now)
    return {
        "no certificate": None,
        "another network": certificate_from(others, "anna"),
        "expired": certificate_from(issuer, "anna", now - 31 * _DAY),
        "not yet good": certificate_from(issuer, "anna", now + _DAY),
        "self-made": _signed_by_itself(anna.certificate),
        "a stolen certificate without its key": _with_another_key(anna),
        "signed by a member": certificate_from(anna, "ben"),
        "the issuer": issuer,
        "for servers alone": _for_servers(issuer, anna.certificate),
        "larger than any": _large(issuer, anna.certificate),
    }


def _signed_by_itself(model: x509.Certificate) -> Credentials:
    key = new_key()
    made = _like(model, key, model.subject).sign(key, hashes.SHA256())
    return Credentials(key, (made,))


def _for_servers(issuer: Credentials, model: x509.Certificate) -> Credentials:
    key = new_key()
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    made = _like(model, key, issuer.certificate.subject, purpose).sign(issuer.key, hashes.SHA256())
    return Credentials(key, (made, *issuer.certificates))


def _large(issuer: Credentials, model: x509.Certificate) -> Credentials:
    """Make one with as many bytes as OpenSSL takes of somebody's certificates."""
    key = new_key()
    noise = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), bytes(95_000))
    builder = _like(model, key, model.subject).add_extension(noise, critical=False)
    return Credentials(key, (builder.sign(key, hashes.SHA256()), *issuer.certificates))


def _like(
    model: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    *instead: x509.ExtensionType,
) -> x509.CertificateBuilder:
    """Begin a certificate that says the same as another one, of another key."""
    builder = x509.CertificateBuilder(
        issuer,
        model.subject,
        key.public_key(),
        model.serial_number,
        model.not_valid_before_utc,
        model.not_valid_after_utc,
    )
    others = {each.oid: each for each in instead}
    for extension in model.extensions:
        value = others.get(extension.oid, extension.value)
        builder = builder.add_extension(value, extension.critical)
    return builder


def _with_another_key(of: Credentials) -> bytes:
    """Return somebody's certificates as PEM, with a key that only claims to belong to them."""
    point = of.key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    private = new_key().private_numbers().private_value.to_bytes(32, "big")
    head, middle = _KEY
    key = ssl.DER_cert_to_PEM_cert(head + private + middle + point)
    certificates: Sequence[x509.Certificate] = of.certificates[:2]
    shown = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)
    return key.replace("CERTIFICATE", "EC PRIVATE KEY").encode() + shown
