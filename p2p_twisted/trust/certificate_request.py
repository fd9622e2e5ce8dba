"""Ask an issuer for a certificate without giving the key away."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from p2p_twisted.trust.credentials import p256
from p2p_twisted.trust.trust_errors import BadCertificateRequest, BadCredentials
from p2p_twisted.wire.names import PeerName


def make_request(key: ec.EllipticCurvePrivateKey, name: PeerName) -> bytes:
    """
    Write a request for a certificate (PKCS #10, in DER).

    It proves that one has the key, and asks for nothing: roles and groups are the issuer's to
    decide, and the name stands there for people.
    """
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def read_request(request: bytes) -> ec.EllipticCurvePublicKey:
    """
    Read whose key is to be certified, and nothing else.

    :raises BadCertificateRequest: unless who asks has it.
    """
    try:
        read = x509.load_der_x509_csr(request)
        key = p256(read.public_key())
        is_proven = read.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm, BadCredentials):
        raise BadCertificateRequest("that is not a request for a certificate") from None
    if not is_proven:
        raise BadCertificateRequest("who asks for the certificate does not have its key")
    return key
