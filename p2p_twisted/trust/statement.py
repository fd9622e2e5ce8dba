"""
Sentences that are true for a whole network because somebody with the right role has signed them.

A statement is text of four parts with dots between them, each base64url without padding::

    what is said (JSON) . signature (ECDSA, P-256, SHA-256) . signer's certificate . issuer's

So it fits into a broadcast, and peers pass on what they were given. What the root itself says has
its own certificate in the place of both.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from attrs import frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.credentials import Credentials, p256
from p2p_twisted.trust.limits import STATEMENT_CHARACTERS
from p2p_twisted.trust.trust_errors import BadStatement, NotTrusted
from p2p_twisted.wire.names import MessageId, NetworkName, PeerName

# The key signs other things, too: none of them begins like this.
_CONTEXT: Final = b"p2p_twisted statement 1\n"
_PARTS: Final = 4
# At most.
_PAYLOAD_BYTES: Final = 150
_SIGNATURE_BYTES: Final = 72
_SIGNATURE: Final = ec.ECDSA(hashes.SHA256())

Second = Annotated[int, msgspec.Meta(ge=0, le=100_000_000_000)]
"""A date, in whole seconds since 1970."""


IssuerId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{20}\Z")]
"""What an issuer is called."""


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


class IssuerRevocation(msgspec.Struct, frozen=True, tag_field="kind", tag="issuer"):
    """
    No certificate of an issuer counts any more; only the root may say so.

    :ivar issuer: which one, as :func:`issuer_id` calls it.
    :ivar since: from when on it may have been in the wrong hands: nobody was certified on its word
        from then on.
    :ivar issued: when this was said; of two that speak of one issuer, the later one counts.
    :ivar network: of which network.
    """

    issuer: IssuerId
    since: Second
    issued: Second
    network: NetworkName


Said = Stop | Revocation

_DECODER: Final[msgspec.json.Decoder[Said | IssuerRevocation]] = msgspec.json.Decoder(
    Said | IssuerRevocation
)


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


@frozen
class RootStatement:
    """
    What the key of a network's root has signed.

    :ivar text: all of it, to be passed on.
    """

    said: IssuerRevocation
    text: str


def sign_statement(said: Said | IssuerRevocation, signer: Credentials) -> str:
    """
    Sign.

    :param signer: the root, for what only that may say.
    :returns: what :func:`read_statement` reads.
    """
    payload = msgspec.json.encode(said)
    signature = signer.key.sign(_CONTEXT + payload, _SIGNATURE)
    # The root's is its own issuer's.
    chain = [_to_der(each) for each in (*signer.certificates, signer.root)[:2]]
    return ".".join(_to_text(part) for part in (payload, signature, *chain))


def read_statement(text: str, anchor: TrustAnchor) -> Statement:
    """
    Read what a member has signed: see :func:`read_any_statement`.

    :raises BadStatement: when that cannot be done.
    """
    statement = read_any_statement(text, anchor)
    if isinstance(statement, RootStatement):
        raise BadStatement("no member has signed this, but the root")
    return statement


def read_any_statement(text: str, anchor: TrustAnchor) -> Statement | RootStatement:
    """
    Read what a member or the root has signed.

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
        if isinstance(said, IssuerRevocation):
            _check_root(certificate, anchor).verify(signature, _CONTEXT + payload, _SIGNATURE)
            return RootStatement(said, text)
        signer = anchor.verify(certificate, [issuer], at=said.issued)
        signer.key.verify(signature, _CONTEXT + payload, _SIGNATURE)
    except NotTrusted as error:
        raise BadStatement(f"who has signed this is not of this network: {error}") from None
    except InvalidSignature:
        raise BadStatement("this was not said by whom it claims to be from") from None
    return Statement(said, signer, text)


def _check_root(shown: x509.Certificate, anchor: TrustAnchor) -> ec.EllipticCurvePublicKey:
    """
    Return the root's key.

    :raises NotTrusted: when it is somebody else's certificate.
    """
    if _to_der(shown) != _to_der(anchor.root):
        raise NotTrusted("only the key of the root may say that")
    return p256(anchor.root.public_key())


def may_sign(chain: Sequence[x509.Certificate]) -> bool:
    """Return whether what somebody says fits into a statement, with its certificate and issuer."""
    longest = _PAYLOAD_BYTES, _SIGNATURE_BYTES, *(len(_to_der(each)) for each in chain[:2])
    characters = sum((4 * length + 2) // 3 for length in longest) + _PARTS - 1
    return characters <= STATEMENT_CHARACTERS


def _to_der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _to_text(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _from_text(part: str) -> bytes:
    padding = "=" * (-len(part) % 4)
    return base64.b64decode(part + padding, altchars=b"-_", validate=True)
