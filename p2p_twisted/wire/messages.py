"""
Every message that can cross a connection, with its bounds.

A message is one frozen class; its verb is the class's :data:`verb` and its
fields are the members of the JSON object behind it. What a class cannot say
about a value (a path, a host) its attrs validator says. Decoding enforces all
of it, so whoever holds a message holds valid values.
"""

from typing import Annotated, ClassVar, Final, Literal

import attrs
from msgspec import Meta

from p2p_twisted.wire import limits
from p2p_twisted.wire.names import (
    FileId,
    MessageId,
    NetworkName,
    PeerAddress,
    PeerName,
    Port,
    Token,
    valid_host,
    valid_path,
    valid_text,
)

PROTOCOL: Final = 1

Addresses = Annotated[tuple[PeerAddress, ...], Meta(max_length=limits.SAMPLE)]
Route = Annotated[tuple[PeerName, ...], Meta(max_length=limits.ROUTE_HOPS)]
Size = Annotated[int, Meta(ge=0, le=limits.FILE_BYTES)]
ChunkIndex = Annotated[int, Meta(ge=0, lt=limits.FILE_BYTES // limits.CHUNK_BYTES)]
ChunkCount = Annotated[int, Meta(ge=1, le=limits.FILE_BYTES // limits.CHUNK_BYTES)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Reason = Annotated[str, Meta(max_length=limits.REASON_CHARACTERS)]
Ranges = Annotated[
    tuple[tuple[ChunkIndex, ChunkCount], ...],
    Meta(min_length=1, max_length=limits.RANGES_PER_LINE),
]
Ids = Annotated[tuple[MessageId, ...], Meta(max_length=limits.IDS_PER_LINE)]
FileIds = Annotated[tuple[FileId, ...], Meta(min_length=1, max_length=limits.IDS_PER_LINE)]


class Message:
    """What all messages have in common."""

    __slots__ = ()

    verb: ClassVar[str]


# On every connection


@attrs.frozen
class Hello(Message):
    """
    The listener's first line: who answers here.

    :ivar protocol: the version of the protocol that it speaks.
    :ivar role: what it is.
    :ivar name: its name; a registry's is ``registry``.
    :ivar network: the network that it belongs to.
    """

    verb = "HELLO"

    protocol: Annotated[int, Meta(ge=1)]
    role: Literal["registry", "peer"]
    name: PeerName
    network: NetworkName

    def is_from(self, role: str, name: PeerName, network: NetworkName) -> bool:
        """Tell whether this is who was to be reached, speaking a protocol that we speak."""
        theirs = (self.role, self.name, self.network, self.protocol)
        return theirs == (role, name, network, PROTOCOL)


@attrs.frozen
class Error(Message):
    """
    Why the other side cannot be helped; the connection usually closes.

    :ivar reason: one sentence for people.
    :ivar code: the kind of reason, for programs: ``flag`` an unknown verb, which may
        be tried again; ``taken`` a name or port; ``reserved`` the same, but perhaps only
        for a moment; ``full`` no port or place is left;
        ``unknown`` not registered, so join again; ``refused`` anything else that will
        not be done.
    """

    verb = "ERROR"

    reason: Reason = attrs.field(validator=valid_text)
    code: Literal["malformed", "flag", "taken", "reserved", "full", "unknown", "refused"] = (
        "malformed"
    )


@attrs.frozen
class Bye(Message):
    """
    The last line of a link, or the registry's answer where there is nothing to say.

    :ivar why: the reason; ``noted`` is the registry's answer.
    :ivar peers: others to link with instead.
    """

    verb = "BYE"

    why: Literal[
        "leaving", "stopping", "evicted", "duplicate", "silent", "slow", "abuse", "noted"
    ] = "leaving"
    peers: Addresses = ()


@attrs.frozen
class Ping(Message):
    """
    Are you there? Whoever is answers with ``PONG``.

    :ivar n: any number.
    """

    verb = "PING"

    n: Annotated[int, Meta(ge=0, lt=2**53)]


@attrs.frozen
class Pong(Message):
    """
    I am.

    :ivar n: the ping's.
    """

    verb = "PONG"

    n: Annotated[int, Meta(ge=0, lt=2**53)]


# To the registry


@attrs.frozen
class Join(Message):
    """
    Ask to be introduced.

    :ivar name: as typed; the registry folds it.
    :ivar port: the wanted one; without it the registry picks one from its pool.
    :ivar token: of an earlier registration under this name, to take it up again.
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
    """

    verb = "WELCOME"

    name: PeerName
    host: str = attrs.field(validator=valid_host)
    port: Port
    lease: Seconds
    token: Token
    referrals: Addresses = ()


@attrs.frozen
class Renew(Message):
    """
    Extend a lease; the first one says that the peer now listens.

    :ivar name: whose lease.
    :ivar token: of the registration.
    """

    verb = "RENEW"

    name: PeerName
    token: Token


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


@attrs.frozen
class Report(Message):
    """
    A neighbor does not answer any more; the registry will see for itself.

    :ivar peer: the neighbor.
    """

    verb = "REPORT"

    peer: PeerAddress


# To a peer: a link


@attrs.frozen
class Link(Message):
    """
    Ask that this connection become a link.

    :ivar why: ``join`` a newcomer, ``need`` too few links, ``mix`` a swap.
    :ivar name: of the peer that asks.
    :ivar port: where it listens; its host is the connection's.
    :ivar alone: it has no other link, so it is never refused.
    """

    verb = "LINK"

    why: Literal["join", "need", "mix"]
    name: PeerName
    port: Port
    alone: bool = False


@attrs.frozen
class Linked(Message):
    """
    Accepted: from here on this connection is a link.

    :ivar peers: a sample of others to know.
    """

    verb = "LINKED"

    peers: Addresses = ()


@attrs.frozen
class Busy(Message):
    """
    Refused: too many links.

    :ivar peers: others to ask.
    """

    verb = "BUSY"

    peers: Addresses = ()


@attrs.frozen
class Peers(Message):
    """
    Trade samples of addresses, on a connection of its own; answered in kind.

    :ivar name: of the peer that sends the sample.
    :ivar port: where it listens; its host is the connection's.
    :ivar peers: the sample.
    """

    verb = "PEERS"

    name: PeerName
    port: Port
    peers: Addresses = ()


@attrs.frozen
class Gossip(Message):
    """
    A broadcast, delivered once to every peer.

    :ivar id: its random name.
    :ivar kind: what it means: ``stop`` stops the network.
    :ivar origin: who issued it.
    :ivar age: seconds since it was issued, counted up by every peer that passes it on.
    :ivar life: the age at which it is passed on no more, in seconds.
    :ivar hops: how many peers have passed it on.
    :ivar urgent: it goes on every link, not only on the tree's.
    :ivar text: what there is to say.
    """

    verb = "GOSSIP"

    id: MessageId
    kind: Annotated[str, Meta(pattern=r"^[a-z]{1,16}\Z")]
    origin: PeerName
    age: Annotated[float, Meta(ge=0, le=limits.GOSSIP_LIFE_SECONDS)]
    life: Annotated[float, Meta(ge=0, le=limits.GOSSIP_LIFE_SECONDS)]
    hops: Annotated[int, Meta(ge=0, le=limits.GOSSIP_HOPS)] = 0
    urgent: bool = False
    text: Annotated[str, Meta(max_length=2_048)] = ""


@attrs.frozen
class IHave(Message):
    """
    Broadcasts that the sender has; ask for what is missing.

    :ivar ids: of the broadcasts.
    """

    verb = "IHAVE"

    ids: Ids


@attrs.frozen
class Graft(Message):
    """
    Push broadcasts to me from now on: this link is part of the tree.

    :ivar ids: of broadcasts to send at once.
    """

    verb = "GRAFT"

    ids: Ids = ()


@attrs.frozen
class Prune(Message):
    """Announce broadcasts to me, rather than push them: I have them from elsewhere."""

    verb = "PRUNE"


@attrs.frozen
class Ask(Message):
    """
    A question to every peer within ``hops``.

    :ivar id: its random name.
    :ivar what: ``topo`` your links; ``name`` a file of that name, or with ``.txt``
        behind it; ``text`` files whose names match; ``id`` that content; ``ls`` all
        files of ``peer``.
    :ivar text: what is sought.
    :ivar peer: the only one that answers; where it is absent, all do, but for ``ls``.
    :ivar age: how long ago it was asked, about, in seconds.
    :ivar hops: how far the question still goes.
    :ivar wait: how long the asker waits for the answer, in seconds.
    :ivar limit: how many hits for one file each peer passes on.
    :ivar tree: it keeps to the tree once it may go only so many hops further; before
        that, it goes by every link. So 0 means by every link all the way.
    :ivar most: how many files each peer names at most, of those whose names match.
    :ivar quiet: only hits are told, by those who have some, and no end: it is over after
        a second.
    """

    verb = "ASK"

    id: MessageId
    what: Literal["topo", "name", "text", "id", "ls"]
    text: Annotated[str, Meta(max_length=limits.SEARCH_CHARACTERS)] = ""
    peer: PeerName | None = None
    age: Annotated[float, Meta(ge=0, le=limits.ASK_SECONDS)] = 0.0
    hops: Annotated[int, Meta(ge=0, le=limits.ASK_HOPS)] = limits.ASK_HOPS
    wait: Annotated[float, Meta(gt=0, le=limits.ASK_SECONDS)] = 2.0
    limit: Annotated[int, Meta(ge=1, le=limits.HITS_PER_FILE)] = limits.HITS_PER_FILE
    tree: Annotated[int, Meta(ge=0, le=limits.ASK_HOPS)] = limits.ASK_HOPS
    most: Annotated[int, Meta(ge=1, le=limits.HITS_PER_PEER)] = limits.HITS_SHOWN_PER_PEER
    quiet: bool = False


@attrs.frozen
class PeerRecord:
    """
    A peer and the neighbors that it says it has.

    :ivar peer: its name.
    :ivar links: the neighbors' names.
    """

    peer: PeerName
    links: Annotated[tuple[PeerName, ...], Meta(max_length=4 * limits.LINKS_MOST)] = ()


@attrs.frozen
class Hit:
    """
    A file or folder that a peer shares.

    :ivar peer: who shares it.
    :ivar name: its path below what the peer shares.
    :ivar size: in bytes; a folder's is that of all its files.
    :ivar kind: what it is.
    :ivar file: names the content (a folder's is its manifest); absent while it is
        still being hashed.
    :ivar hashed: how much of it has been hashed, in percent.
    :ivar route: the peers to pass on the way to its holder, the holder last.
    :ivar partial: its holder is still downloading it itself.
    """

    peer: PeerName
    name: str = attrs.field(validator=valid_path)
    size: Size
    kind: Literal["file", "folder"] = "file"
    file: FileId | None = None
    hashed: Annotated[int, Meta(ge=0, le=100)] = 100
    route: Route = ()
    partial: bool = False


@attrs.frozen
class Told(Message):
    """
    What came back for a question.

    :ivar id: the question's.
    :ivar peers: who answered ``topo``.
    :ivar hits: what was found.
    :ivar more: further lines follow; the counts are in the last one.
    :ivar answered: how many peers this answer speaks for.
    :ivar silent: neighbors that were asked and did not answer.
    :ivar cut: whether anything was left out to stay within bounds.
    :ivar ends: of each peer that it speaks for, three bits of 48 for each link that it had
        when the question was asked, all combined by exclusive or: what both ends of a
        link report cancels out, so that 0 means that nobody's neighbor was left out.
    """

    verb = "TOLD"

    id: MessageId
    # More than a line holds: so whatever fits on one can be sent.
    peers: Annotated[tuple[PeerRecord, ...], Meta(max_length=2_000)] = ()
    hits: Annotated[tuple[Hit, ...], Meta(max_length=2_000)] = ()
    more: bool = False
    answered: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    silent: Annotated[tuple[PeerName, ...], Meta(max_length=256)] = ()
    cut: bool = False
    ends: Annotated[int, Meta(ge=0, lt=2**48)] = 0


@attrs.frozen
class Want(Message):
    """
    Ask a holder to push a file.

    :ivar ticket: random; the push must show it.
    :ivar file: what is wanted.
    :ivar name: of the requester, who listens at ``host`` and ``port``.
    :ivar host: where the holder dials to.
    :ivar port: where the holder dials to.
    :ivar route: the peers still to pass, the holder last.
    :ivar via: the peers already passed, the requester first.
    :ivar more: many files will be asked for, so that a link is no place for the first.
    """

    verb = "WANT"

    ticket: MessageId
    file: FileId
    name: PeerName
    host: str = attrs.field(validator=valid_host)
    port: Port
    route: Route = ()
    via: Route = ()
    more: bool = False


@attrs.frozen
class Refuse(Message):
    """
    The holder cannot serve: back along the route, or on the push itself.

    :ivar ticket: of what was wanted.
    :ivar reason: one sentence for people.
    :ivar route: the peers still to pass, the requester last.
    :ivar gone: it is not shared any more: to ask this holder again is in vain.
    """

    verb = "REFUSE"

    ticket: MessageId
    reason: Reason = attrs.field(validator=valid_text)
    route: Route = ()
    gone: bool = False


@attrs.frozen
class File(Message):
    """
    A small file on a link: its raw bytes follow this line.

    :ivar ticket: of what was wanted.
    :ivar size: how many bytes follow.
    """

    verb = "FILE"

    ticket: MessageId
    size: Annotated[int, Meta(ge=0, le=limits.LINK_FILE_BYTES)]


# To a peer: a push


@attrs.frozen
class Push(Message):
    """
    Deliver what was wanted: the digests of its chunks follow this line, raw, 32 bytes each.

    :ivar ticket: of what was wanted.
    :ivar file: what was wanted.
    :ivar size: of the whole file, in bytes.
    :ivar partial: ask only for chunks that a ``HAVE`` has named.
    """

    verb = "PUSH"

    ticket: MessageId
    file: FileId
    size: Size
    partial: bool = False


@attrs.frozen
class Send(Message):
    """
    Send these chunks.

    :ivar chunks: pairs of the first one's index and how many.
    """

    verb = "SEND"

    chunks: Ranges


@attrs.frozen
class Have(Message):
    """
    These chunks are here; each is named once.

    Said by the holder: ask me for what I have named, and for nothing else; what was
    asked for before the first ``HAVE`` is forgotten. Said by the requester: do not
    send me these, and tell nobody that they are rare.

    :ivar chunks: pairs of the first one's index and how many.
    """

    verb = "HAVE"

    chunks: Ranges


@attrs.frozen
class Chunk(Message):
    """
    One chunk: its raw bytes follow this line.

    :ivar index: which one, from 0.
    :ivar length: how many bytes follow: 1 MiB, less in the last chunk only.
    """

    verb = "CHUNK"

    index: ChunkIndex
    length: Annotated[int, Meta(ge=1, le=limits.CHUNK_BYTES)]


@attrs.frozen
class More(Message):
    """
    Send these files whole, in this order, instead of chunks of the one that was pushed.

    :ivar files: what is wanted; each is answered by ``WHOLE`` or ``GONE``.
    """

    verb = "MORE"

    files: FileIds


@attrs.frozen
class Whole(Message):
    """
    A file of at most one chunk: its raw bytes follow this line, and have that id.

    :ivar file: what was asked for.
    :ivar size: how many bytes follow.
    """

    verb = "WHOLE"

    file: FileId
    size: Annotated[int, Meta(ge=0, le=limits.CHUNK_BYTES)]


@attrs.frozen
class Gone(Message):
    """
    A file that is not shared any more, or has more than one chunk: nothing follows.

    :ivar file: what was asked for.
    """

    verb = "GONE"

    file: FileId


@attrs.frozen
class Done(Message):
    """The requester has all it wanted; the holder may close."""

    verb = "DONE"


MESSAGES: Final[dict[str, type[Message]]] = {
    message.verb: message for message in Message.__subclasses__()
}
"""Every message's class, by verb, in the order in which this module defines them."""
