"""What is said to a private network's registry about who is in the network."""

from typing import Annotated, Literal

import attrs
from msgspec import Meta

from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages.message import Date, Message
from p2p_twisted.wire.names import PeerName

Secret = Annotated[str, Meta(pattern=r"^[0-9a-f]{20}\Z")]
Code = Annotated[str, Meta(pattern=r"^p2p1-[a-z2-7]{45}@[A-Za-z0-9._:,\[\]-]{1,800}\Z")]
InviteId = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}\Z")]
RegistryId = Annotated[str, Meta(pattern=r"^([0-9a-f]{20})?\Z")]
Groups = Annotated[tuple[PeerName, ...], Meta(max_length=6)]
Encoded = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]*={0,2}\Z", max_length=4_096)]


@attrs.frozen
class Enroll(Message):
    """
    Ask to be let into a private network: all that a peer without a certificate may say.

    :ivar name: the newcomer's.
    :ivar secret: of its invite, in hexadecimal digits.
    :ivar request: for a certificate: PKCS #10, in DER and base64.
    :ivar days: for how long it is to be good, at first.
    """

    verb = "ENROLL"

    name: PeerName
    secret: Secret = attrs.field(repr=False)
    request: Encoded
    days: Annotated[int, Meta(ge=1, le=30)] = 30


@attrs.frozen
class Certify(Message):
    """
    Ask for another certificate like the one on this connection, for a new key.

    On one without a certificate that counts: like the one that the registry has on record for this
    key, which it had before the issuer of that was revoked.

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
    seconds: Annotated[int, Meta(ge=1, le=30 * DAY_SECONDS)] = DAY_SECONDS
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
    :ivar registry: the id of the one that has certified it; empty where that is not recorded.
    """

    name: PeerName
    expires: Date
    admin: bool = False
    groups: Groups = ()
    registry: RegistryId = ""


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
