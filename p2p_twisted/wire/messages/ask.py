"""What peers ask for over their links, and what comes back that way."""

from typing import Annotated, Final, Literal, Self

import attrs
from msgspec import Meta

from p2p_twisted.wire import limits
from p2p_twisted.wire.attributes import valid_modified
from p2p_twisted.wire.messages.message import Message, Reason, Size
from p2p_twisted.wire.messages.receipts import Receipt, Tally
from p2p_twisted.wire.messages.relay import Meeting
from p2p_twisted.wire.name_forms import earlier_spelling
from p2p_twisted.wire.names import (
    FileId,
    MessageId,
    PeerAddress,
    PeerName,
    Port,
    valid_host,
    valid_path,
    valid_text,
)

OFFER_ID_DIGITS: Final = 32

Unshared = Annotated[int, Meta(ge=0, le=limits.ENTRIES_UNSHARED)]
Route = Annotated[tuple[PeerName, ...], Meta(max_length=limits.ROUTE_HOPS)]


@attrs.frozen
class Ask(Message):
    """
    A question to every peer within ``hops``.

    :ivar id: its random name.
    :ivar what: ``topo`` your links; ``name`` a file of that name, or with ``.txt``
        behind it; ``text`` files whose names match; ``id`` that content, or all whose ids
        begin with these 16 digits, or, with 32 digits, how far you are with that offer;
        ``ls`` all files of ``peer``.
    :ivar text: what is sought.
    :ivar peer: the only one that answers; where it is absent, all do, but for ``ls``.
    :ivar age: how long ago it was asked, about, in seconds.
    :ivar hops: how far the question still goes.
    :ivar wait: how long the asker waits for the answer, in seconds.
    :ivar limit: how many hits for one file each peer passes on.
    :ivar tree: for its last so many hops it keeps to the tree; before that, it goes by
        every link. So 0 means by every link all the way.
    :ivar most: how many files each peer names at most, of those whose names match.
    :ivar quiet: only peers with hits answer, and the end is not told: it is over after a
        second.
    :ivar after: the question along the tree that has not come to all, and which this one
        is to make up for: a peer that has not heard it takes the link by which this one
        comes first into the tree.
    :ivar crossing: whether two peers that ask each other this owe each other no answer: either
        question tells that the other one has been heard. Without it, as in earlier versions,
        a ``TOLD`` answers each.
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
    after: MessageId | None = None
    crossing: bool = False

    @property
    def offer(self) -> MessageId | None:
        """Of which offer receipts are asked for, if it is that."""
        # Peers of earlier versions know no content by such an id, and answer nothing.
        return self.text if self.what == "id" and len(self.text) == OFFER_ID_DIGITS else None


@attrs.frozen
class PeerRecord:
    """
    A peer and the neighbors that it says it has.

    :ivar peer: its name.
    :ivar links: the neighbors' names; of very many, some: other records have the others.
    """

    peer: PeerName
    links: Annotated[tuple[PeerName, ...], Meta(max_length=limits.LINKS_IN_RECORD)] = ()


@attrs.frozen
class Hit:
    """
    A file or folder that a peer shares.

    :ivar peer: the one that shares it.
    :ivar name: its path below what the peer shares, as peers of any version take it.
    :ivar spelling: its path where that is another one: names may have 255 bytes, and other
        spaces, joiners and selectors, which earlier versions refuse.
    :ivar size: in bytes; a folder's is that of all its files.
    :ivar kind: what it is.
    :ivar file: names the content (a folder's is its manifest); absent while it is
        still being hashed.
    :ivar hashed: how much of it has been hashed, in percent; 100 without ``file`` for a folder
        of which nothing is shared.
    :ivar route: the peers to pass on the way to its holder, the holder last.
    :ivar partial: its holder is still downloading it itself.
    :ivar modified: when the file was last written to, in nanoseconds since 1970.
    :ivar executable: the file can be run.
    :ivar attributes: for a folder, names the list of when its files were written, and which of
        them can be run.
    :ivar unshared: how many entries below a folder are not shared, such as hidden ones.
    :ivar growing: it, or a file below it, is still being written to.
    :ivar at: where its holder listens: only who asks it there itself hears what it shares.
    :ivar closed: the registry cannot dial its holder, nor can others, probably.
    """

    peer: PeerName
    name: str = attrs.field(validator=valid_path)
    size: Size
    kind: Literal["file", "folder"] = "file"
    file: FileId | None = None
    hashed: Annotated[int, Meta(ge=0, le=100)] = 100
    route: Route = ()
    partial: bool = False
    modified: int | None = attrs.field(default=None, validator=valid_modified)
    executable: bool = False
    attributes: FileId | None = None
    spelling: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(valid_path)
    )
    unshared: Unshared = 0
    growing: bool = False
    at: PeerAddress | None = None
    closed: bool = False

    def for_any_version(self) -> Self:
        """Spell its name so that peers of earlier versions take it, too."""
        name = earlier_spelling(self.name)
        return self if name == self.name else attrs.evolve(self, name=name, spelling=self.name)

    def as_meant(self) -> Self:
        """Give it the name that it has at its holder."""
        if self.spelling is None or earlier_spelling(self.spelling) != self.name:
            return self
        return attrs.evolve(self, name=self.spelling, spelling=None)


@attrs.frozen
class Told(Message):
    """
    What came back for a question.

    :ivar id: the question's.
    :ivar peers: the ones that answered ``topo``.
    :ivar hits: what was found.
    :ivar more: further lines follow; the counts are in the last one.
    :ivar answered: how many peers this answer speaks for.
    :ivar silent: neighbors that were asked and did not answer.
    :ivar cut: whether anything was left out to stay within bounds.
    :ivar ends: of each peer that it speaks for, three bits of 48 for each link that it had
        when the question was asked, all combined by exclusive or: what both ends of a
        link report cancels out, so that 0 means that no neighbor was left out.
    :ivar tally: how far all of those are with an offer that know of it.
    :ivar receipts: how far some of them are, those first that do not have it.
    """

    verb = "TOLD"

    id: MessageId
    # More than a line holds, so that everything that fits on one can be sent.
    peers: Annotated[tuple[PeerRecord, ...], Meta(max_length=2_000)] = ()
    hits: Annotated[tuple[Hit, ...], Meta(max_length=2_000)] = ()
    more: bool = False
    answered: Annotated[int, Meta(ge=0, le=limits.ANSWERED)] = 0
    silent: Annotated[tuple[PeerName, ...], Meta(max_length=256)] = ()
    cut: bool = False
    ends: Annotated[int, Meta(ge=0, lt=2**48)] = 0
    tally: Tally | None = None
    receipts: Annotated[tuple[Receipt, ...], Meta(max_length=limits.RECEIPTS_NAMED)] = ()


@attrs.frozen
class Want(Message):
    """
    Ask a holder to push a file.

    :ivar ticket: random; the push must show it.
    :ivar file: what is wanted.
    :ivar name: of the requester, which listens at ``host`` and ``port``.
    :ivar host: where the holder dials to.
    :ivar port: where the holder dials to.
    :ivar route: the peers still to pass, the holder last.
    :ivar via: the peers already passed, the requester first.
    :ivar more: many files will be asked for, so that a link is no place for the first.
    :ivar closed: do not dial, which would be in vain, but refuse at once, with ``dial``.
    :ivar relay: dial there instead, where the requester waits.
    :ivar near: where the requester listens inside of the NAT that ``host`` is of: for a holder that
        is behind the same one.
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
    closed: bool = False
    relay: Meeting | None = None
    near: str | None = attrs.field(default=None, validator=attrs.validators.optional(valid_host))


@attrs.frozen
class Refuse(Message):
    """
    The holder cannot serve: back along the route, or on the push itself.

    :ivar ticket: of what was wanted.
    :ivar reason: one sentence for people.
    :ivar route: the peers still to pass, the requester last.
    :ivar gone: it is not shared any more: to ask this holder again is in vain.
    :ivar dial: the holder does not reach the requester, which may dial it there within a few
        seconds, and say ``FETCH``. The requester that cannot either refuses in its turn,
        along the route of what it wanted.
    """

    verb = "REFUSE"

    ticket: MessageId
    reason: Reason = attrs.field(validator=valid_text)
    route: Route = ()
    gone: bool = False
    dial: PeerAddress | None = None


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
