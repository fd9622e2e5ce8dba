"""What a peer and the registry say to each other."""

from typing import Annotated, Literal

import attrs
from msgspec import Meta

from p2p_twisted.wire import limits
from p2p_twisted.wire.messages.message import Addresses, Digest, Message
from p2p_twisted.wire.names import PeerAddress, PeerName, Port, Token, valid_host

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Date = Annotated[float, Meta(ge=0, le=100_000_000_000)]
Secret = Annotated[str, Meta(pattern=r"^[0-9a-f]{20}\Z")]
Code = Annotated[str, Meta(pattern=r"^p2p1-[a-z2-7]{45}@[A-Za-z0-9._:,\[\]-]{1,800}\Z")]
InviteId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}\Z")]
Groups = Annotated[tuple[PeerName, ...], Meta(max_length=6)]
Encoded = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]*={0,2}\Z", max_length=4_096)]


@attrs.frozen
class Join(Message):
    """
    Ask to be introduced.

    :ivar name: as typed; the registry folds it.
    :ivar port: the wanted one; without it the registry picks one from its pool.
    :ivar token: of an earlier registration under this name, to take it up again; or one of its
        own, so that a registry that has let it in knows it where the answer was lost.
    :ivar unusable: ports of the pool that the peer could not listen on.
    :ivar advertise: a host other than the connection's, where the registry allows it.
    """

    verb = "P2P"

    name: Annotated[str, Meta(max_length=64)] | None = None
    port: Port | None = None
    token: Token | None = None
    unusable: Annotated[tuple[Port, ...], Meta(max_length=limits.UNUSABLE_PORTS)] = ()
    advertise: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(valid_host)
    )

    @property
    def sender(self) -> PeerName | None:
        """Its name, folded; ``None`` without one."""
        return None if self.name is None else self.name.strip().lower()


@attrs.frozen
class Welcome(Message):
    """
    Registered.

    :ivar name: the peer's, folded.
    :ivar host: where the registry sends others to.
    :ivar port: the one to listen on.
    :ivar lease: how long, unless renewed, in seconds.
    :ivar token: the secret to renew, leave or rejoin with.
    :ivar referrals: live peers to link with, in no order that means anything.
    :ivar reachable: whether the registry could dial the peer, where a ``RENEW`` asked for that;
        absent where it has not tried.
    :ivar date: the registry's, in seconds since 1970, in the answer to such a ``RENEW``.
    :ivar revoked: the digest of the revocations that it knows, in a private network.
    :ivar stop: a signed statement there by which all peers are to end.
    """

    verb = "WELCOME"

    name: PeerName
    host: str = attrs.field(validator=valid_host)
    port: Port
    lease: Seconds
    token: Token
    referrals: Addresses = ()
    reachable: bool | None = None
    date: Date | None = None
    revoked: Digest | None = None
    stop: Annotated[str, Meta(max_length=2_048)] | None = None

    @property
    def address(self) -> PeerAddress:
        """Where others reach the peer."""
        return PeerAddress(self.name, self.host, self.port)


@attrs.frozen
class Renew(Message):
    """
    Extend a lease; the first one says that the peer now listens.

    :ivar name: whose lease.
    :ivar token: of the registration.
    :ivar dial: dial the peer, and say in ``WELCOME`` whether it could be reached.
    """

    verb = "RENEW"

    name: PeerName
    token: Token
    dial: bool = False

    @property
    def sender(self) -> PeerName:
        """Its name."""
        return self.name


@attrs.frozen
class Leave(Message):
    """
    End a lease.

    :ivar name: whose lease.
    :ivar token: of the registration.
    """

    verb = "LEAVE"

    name: PeerName
    token: Token

    @property
    def sender(self) -> PeerName:
        """Its name."""
        return self.name


@attrs.frozen
class Report(Message):
    """
    A neighbor does not answer any more; the registry will see for itself.

    :ivar peer: the neighbor.
    """

    verb = "REPORT"

    peer: PeerAddress


@attrs.frozen
class Enroll(Message):
    """
    Ask to be let into a private network: all that a peer without a certificate may say.

    :ivar name: the newcomer's.
    :ivar secret: of its invite, in hexadecimal digits.
    :ivar request: for a certificate: PKCS #10, in DER and base64.
    """

    verb = "ENROLL"

    name: PeerName
    secret: Secret = attrs.field(repr=False)
    request: Encoded


@attrs.frozen
class Certify(Message):
    """
    Ask for another certificate like the one on this connection, for a new key.

    :ivar request: PKCS #10, in DER and base64.
    """

    verb = "CERTIFY"

    request: Encoded


@attrs.frozen
class Certified(Message):
    """
    Let in, or renewed.

    :ivar certificates: the peer's, its issuer's and the root's, each in DER and base64; another
        registry gets its issuer's and the root's.
    """

    verb = "CERTIFIED"

    certificates: Annotated[tuple[Encoded, ...], Meta(min_length=2, max_length=3)]


@attrs.frozen
class MakeInvite(Message):
    """
    Ask for an invite; only an admin gets one.

    :ivar uses: how many it lets in.
    :ivar seconds: for how long.
    :ivar admin: whether who comes by it is an admin.
    :ivar groups: which groups it is in.
    :ivar registry: whether it is for another registry; only a registry's operator gets such a one.
    """

    verb = "INVITE"

    uses: Annotated[int, Meta(ge=1, le=1_000)] = 1
    seconds: Annotated[int, Meta(ge=1, le=2_592_000)] = 86_400
    admin: bool = False
    groups: Groups = ()
    registry: bool = False


@attrs.frozen
class Invited(Message):
    """
    An invite.

    :ivar code: what the newcomer types.
    """

    verb = "INVITED"

    code: Code = attrs.field(repr=False)


@attrs.frozen
class Void(Message):
    """
    Have an invite let nobody in any more; only an admin may.

    :ivar invite: its id, as ``LISTED`` has it.
    """

    verb = "VOID"

    invite: InviteId


@attrs.frozen
class ListRecords(Message):
    """
    Ask who is in a private network, or how to come in; only an admin is told.

    :ivar what: ``members``, by their names, or open ``invites``, by their ids.
    :ivar after: those that come after this one; all by default.
    :ivar only: the member of this name alone, if there is one.
    """

    verb = "LIST"

    what: Literal["members", "invites"]
    after: Annotated[str, Meta(max_length=limits.PEER_NAME_CHARACTERS)] = ""
    only: PeerName | None = None


@attrs.frozen
class MemberRecord:
    """
    Somebody who has a certificate of a private network.

    :ivar name: whose.
    :ivar expires: until when it is good, in seconds since 1970.
    :ivar admin: whether it is an admin.
    :ivar groups: which groups it is in.
    """

    name: PeerName
    expires: Date
    admin: bool = False
    groups: Groups = ()


@attrs.frozen
class InviteRecord:
    """
    An invite that is open; nobody comes in by what is said of it.

    :ivar id: what it is called by.
    :ivar uses: how many more it lets in.
    :ivar expires: until when, in seconds since 1970.
    :ivar admin: whether who comes by it is an admin.
    :ivar groups: which groups it is in.
    """

    id: InviteId
    uses: Annotated[int, Meta(ge=0, le=1_000)]
    expires: Date
    admin: bool = False
    groups: Groups = ()


@attrs.frozen
class Listed(Message):
    """
    Some of them.

    :ivar members: if these were asked for.
    :ivar invites: likewise.
    :ivar more: how many come after the last of these.
    """

    verb = "LISTED"

    members: Annotated[tuple[MemberRecord, ...], Meta(max_length=limits.RECORDS_PER_LINE)] = ()
    invites: Annotated[tuple[InviteRecord, ...], Meta(max_length=limits.RECORDS_PER_LINE)] = ()
    more: Annotated[int, Meta(ge=0, le=10**9)] = 0
