"""
Sentences that are true for a whole network because somebody with the right role has signed them.

A statement is text of four parts with dots between them, each base64url without padding::

    what is said (JSON) . signature (ECDSA, P-256, SHA-256) . signer's certificate . issuer's

So it fits into a broadcast, and peers pass on what they were given.
"""

import base64
import binascii
from typing import Annotated, Final

import msgspec
from attrs import frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.limits import STATEMENT_CHARACTERS
from p2p_twisted.trust.trust_errors import BadStatement, NotTrusted
from p2p_twisted.wire.names import MessageId, NetworkName, PeerName

# The key signs other things, too: none of them begins like this.
_CONTEXT: Final = b"p2p_twisted statement 1\n"
_PARTS: Final = 4
_SIGNATURE: Final = ec.ECDSA(hashes.SHA256())

Second = Annotated[int, msgspec.Meta(ge=0, le=100_000_000_000)]
"""A date, in whole seconds since 1970."""


class Stop(msgspec.Struct, frozen=True, tag_field="kind", tag="stop"):
    """
    All peers of a network are to end.

    :ivar id: random; each is obeyed once.
    :ivar issued: when it was said.
    :ivar network: which one.
    """

    id: MessageId
    issued: Second
    network: NetworkName


class Revocation(
    msgspec.Struct, frozen=True, tag_field="kind", tag="revocation", omit_defaults=True
):
    """
    No certificate of a name counts that was issued before some moment.

    :ivar name: whose.
    :ivar issued: when it was said.
    :ivar network: of which network.
    :ivar before: the moment, where this repeats what somebody else had said; otherwise that is
        when it was said. What is issued in that second counts.
    """

    name: PeerName
    issued: Second
    network: NetworkName
    before: Second | None = None

    @property
    def cutoff(self) -> int:
        """The moment from which on certificates count."""
        return self.issued if self.before is None else self.before


Said = Stop | Revocation

_DECODER: Final[msgspec.json.Decoder[Said]] = msgspec.json.Decoder(Said)


@frozen
class Statement:
    """
    What somebody of the network has said, beyond doubt.

    :ivar signer: who; whether that counts is for others to decide.
    :ivar text: all of it, to be passed on.
    """

    said: Said
    signer: VerifiedCertificate
    text: str


def sign_statement(said: Said, signer: Credentials) -> str:
    """
    Sign.

    :returns: what :func:`read_statement` reads.
    """
    payload = msgspec.json.encode(said)
    signature = signer.key.sign(_CONTEXT + payload, _SIGNATURE)
    chain = [each.public_bytes(serialization.Encoding.DER) for each in signer.certificates[:2]]
    return ".".join(_to_text(part) for part in (payload, signature, *chain))


def read_statement(text: str, anchor: TrustAnchor) -> Statement:
    """
    Read what somebody has signed.

    The signer's certificate must have been good when it was said, as what is said may have to
    outlive it.

    :raises BadStatement: when it is no statement, or nobody of this network has signed it.
    """
    if len(text) > STATEMENT_CHARACTERS or text.count(".") != _PARTS - 1:
        raise BadStatement("that is not a signed statement")
    try:
        payload, signature, *chain = (_from_text(part) for part in text.split("."))
        certificate, issuer = map(x509.load_der_x509_certificate, chain)
        said = _DECODER.decode(payload)
    except (binascii.Error, ValueError, RecursionError, msgspec.DecodeError):
        raise BadStatement("that is not a signed statement") from None
    try:
        signer = anchor.verify(certificate, [issuer], at=said.issued)
        signer.key.verify(signature, _CONTEXT + payload, _SIGNATURE)
    except NotTrusted as error:
        raise BadStatement(f"who has signed this is not of this network: {error}") from None
    except InvalidSignature:
        raise BadStatement("this was not said by whom it claims to be from") from None
    return Statement(said, signer, text)


def _to_text(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _from_text(part: str) -> bytes:
    padding = "=" * (-len(part) % 4)
    return base64.b64decode(part + padding, altchars=b"-_", validate=True)
