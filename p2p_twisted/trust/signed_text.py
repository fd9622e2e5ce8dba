"""
What somebody of a network has signed, as text that others can pass on.

It is of four parts with dots between them, each base64url without padding::

    what is said . signature (ECDSA, P-256, SHA-256) . signer's certificate . issuer's

What the root itself says has its own certificate in the place of both.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Self

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.credentials import Credentials, p256
from p2p_twisted.trust.limits import STATEMENT_CHARACTERS
from p2p_twisted.trust.trust_errors import BadStatement, NotTrusted

NOT_SIGNED: Final = "that is not a signed statement"

# The key signs other things, too: none of them begins like this.
_CONTEXT: Final = b"p2p_twisted statement 1\n"
_PARTS: Final = 4
# At most.
_SIGNATURE_BYTES: Final = 72
_SIGNATURE: Final = ec.ECDSA(hashes.SHA256())


@frozen
class SignedText:
    """
    A signed text, taken apart.

    :ivar payload: what is said.
    """

    payload: bytes
    _signature: bytes
    _certificate: x509.Certificate
    _issuer: x509.Certificate

    @classmethod
    def read(cls, text: str) -> Self:
        """
        Take a text apart; who has signed it is not known yet.

        :raises BadStatement: when it is none.
        """
        if len(text) > STATEMENT_CHARACTERS or text.count(".") != _PARTS - 1:
            raise BadStatement(NOT_SIGNED)
        try:
            payload, signature, *chain = (_from_text(part) for part in text.split("."))
            certificate, issuer = map(x509.load_der_x509_certificate, chain)
        except (binascii.Error, ValueError):
            raise BadStatement(NOT_SIGNED) from None
        return cls(payload, signature, certificate, issuer)

    def signer(self, anchor: TrustAnchor, issued: int) -> VerifiedCertificate:
        """
        Return which member has signed it, whose certificate was good when it was said.

        :param issued: when that was, as is said, in seconds since 1970.
        :raises BadStatement: when no member of this network has.
        """
        payload, signature = self.payload, self._signature
        with _believed():
            signer = anchor.verify(self._certificate, [self._issuer], at=issued)
            signer.key.verify(signature, _CONTEXT + payload, _SIGNATURE)
            return signer

    def check_root(self, anchor: TrustAnchor) -> None:
        """
        Check that the network's root has signed it.

        :raises BadStatement: when it has not.
        """
        with _believed():
            key = _check_root(self._certificate, anchor)
            key.verify(self._signature, _CONTEXT + self.payload, _SIGNATURE)


def sign(payload: bytes, signer: Credentials) -> str:
    """
    Sign.

    :returns: what :meth:`SignedText.read` takes apart, if it is short enough.
    """
    signature = signer.key.sign(_CONTEXT + payload, _SIGNATURE)
    # The root's is its own issuer's.
    chain = [_to_der(each) for each in (*signer.certificates, signer.root)[:2]]
    return ".".join(_to_text(part) for part in (payload, signature, *chain))


def room_for_payload(chain: Sequence[x509.Certificate]) -> int:
    """Return how many bytes somebody can sign, by its certificate and issuer."""
    others = _SIGNATURE_BYTES, *(len(_to_der(each)) for each in chain[:2])
    characters = sum((4 * length + 2) // 3 for length in others) + _PARTS - 1
    return 3 * (STATEMENT_CHARACTERS - characters) // 4


@contextmanager
def _believed() -> Iterator[None]:
    """
    Say why somebody is not believed.

    :raises BadStatement: in the place of what else is raised.
    """
    try:
        yield
    except NotTrusted as error:
        raise BadStatement(f"who has signed this is not of this network: {error}") from None
    except InvalidSignature:
        raise BadStatement("this was not said by whom it claims to be from") from None


def _check_root(shown: x509.Certificate, anchor: TrustAnchor) -> ec.EllipticCurvePublicKey:
    """
    Return the root's key.

    :raises NotTrusted: when it is somebody else's certificate.
    """
    if _to_der(shown) != _to_der(anchor.root):
        raise NotTrusted("only the key of the root may say that")
    return p256(anchor.root.public_key())


def _to_der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _to_text(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _from_text(part: str) -> bytes:
    padding = "=" * (-len(part) % 4)
    return base64.b64decode(part + padding, altchars=b"-_", validate=True)
