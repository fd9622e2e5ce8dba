"""A private key with its certificates, in memory and as text."""

import base64
import hashlib
from typing import Final, Self

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.trust.trust_errors import BadCredentials, EncryptedKey

_PEM: Final = serialization.Encoding.PEM
_CURVE: Final = ec.SECP256R1
_CERTIFICATES_MOST: Final = 3
_ISSUER_ID_DIGITS: Final = 20


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a private key; its randomness is OpenSSL's."""
    return ec.generate_private_key(_CURVE())


def key_hash(key: object) -> bytes:
    """
    Return the SHA-256 of a public key, as SubjectPublicKeyInfo in DER: 32 bytes.

    :raises BadCredentials: unless it is a key on P-256.
    """
    encoded = p256(key).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(encoded).digest()


def in_base64(certificate: x509.Certificate) -> str:
    """Write a certificate as messages have it."""
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def issuer_id(key: ec.EllipticCurvePublicKey) -> str:
    """Return what an issuer is called by its key: 20 hexadecimal digits."""
    return shortened(x509.SubjectKeyIdentifier.from_public_key(key).digest)


def shortened(key_identifier: bytes) -> str:
    """Return the same of the identifier that certificates have of a key."""
    return key_identifier.hex()[:_ISSUER_ID_DIGITS]


def p256(key: object) -> ec.EllipticCurvePublicKey:
    """
    Return a public key of the one kind that is used here.

    :raises BadCredentials: when it is of another kind.
    """
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVE):
        raise BadCredentials("the key is not one on the curve P-256")
    return key


def key_to_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Write a private key as text, not encrypted."""
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def key_from_pem(text: bytes) -> ec.EllipticCurvePrivateKey:
    """
    Read a private key at the beginning of a text.

    :raises BadCredentials: when there is none.
    """
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except TypeError:
        raise EncryptedKey from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadCredentials(f"it is damaged: {error}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadCredentials("the key is not one on the curve P-256")
    return key


@frozen
class Credentials:
    """
    A private key, its certificate, and those of who has signed that, up to the root.

    :ivar certificates: its own, its signer's and so on; the root's is the last.
    """

    key: ec.EllipticCurvePrivateKey
    certificates: tuple[x509.Certificate, ...]

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of the key."""
        return self.certificates[0]

    @property
    def root(self) -> x509.Certificate:
        """The certificate that the network trusts."""
        return self.certificates[-1]

    def to_pem(self) -> bytes:
        """Write all of it as text, the key first and not encrypted."""
        return key_to_pem(self.key) + b"".join(
            each.public_bytes(_PEM) for each in self.certificates
        )

    @classmethod
    def from_pem(cls, text: bytes) -> Self:
        """
        Read what :meth:`to_pem` has written.

        :raises BadCredentials: when it is anything else, or key and certificate are not a pair.
        """
        key = key_from_pem(text)
        try:
            certificates = tuple(x509.load_pem_x509_certificates(text))
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise BadCredentials(f"it is damaged: {error}") from None
        if len(certificates) > _CERTIFICATES_MOST:
            raise BadCredentials(f"it has more than {_CERTIFICATES_MOST} certificates")
        if key_hash(key.public_key()) != key_hash(certificates[0].public_key()):
            raise BadCredentials("key and certificate do not belong together")
        return cls(key, certificates)
