"""
Sentences that are true for a whole network because somebody with the right role has signed them.

They fit into a broadcast, and peers pass on the text that they were given. What the root itself
says is signed with its own certificate.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from attrs import frozen
from cryptography import x509

from p2p_twisted.trust.anchor import TrustAnchor, VerifiedCertificate
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.signed_text import NOT_SIGNED, SignedText, room_for_payload, sign
from p2p_twisted.trust.trust_errors import BadStatement
from p2p_twisted.wire.names import MessageId, NetworkName, PeerName

# At most, of what is said here.
_PAYLOAD_BYTES: Final = 150

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
    return sign(msgspec.json.encode(said), signer)


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
    signed = SignedText.read(text)
    try:
        said = _DECODER.decode(signed.payload)
    except (ValueError, RecursionError, msgspec.DecodeError):
        raise BadStatement(NOT_SIGNED) from None
    if isinstance(said, IssuerRevocation):
        signed.check_root(anchor)
        return RootStatement(said, text)
    return Statement(said, signed.signer(anchor, said.issued), text)


def may_sign(chain: Sequence[x509.Certificate]) -> bool:
    """Return whether what somebody says fits into a statement, with its certificate and issuer."""
    return room_for_payload(chain) >= _PAYLOAD_BYTES
