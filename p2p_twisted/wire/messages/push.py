"""What a holder that pushes a file and its requester say to each other."""

from typing import Annotated

import attrs
from msgspec import Meta

from p2p_twisted.wire import limits
from p2p_twisted.wire.messages.message import Message, Size
from p2p_twisted.wire.names import FileId, MessageId

ChunkIndex = Annotated[int, Meta(ge=0, lt=limits.FILE_BYTES // limits.CHUNK_BYTES)]
ChunkCount = Annotated[int, Meta(ge=1, le=limits.FILE_BYTES // limits.CHUNK_BYTES)]
Ranges = Annotated[
    tuple[tuple[ChunkIndex, ChunkCount], ...],
    Meta(min_length=1, max_length=limits.RANGES_PER_LINE),
]
WholeSize = Annotated[int, Meta(ge=0, le=limits.CHUNK_BYTES)]
FileIds = Annotated[tuple[FileId, ...], Meta(min_length=1, max_length=limits.IDS_PER_LINE)]
AskedId = Annotated[str, Meta(min_length=64, max_length=64)]
"""A file id that is looked up among those that were asked for: to check its digits takes longer."""
AskedIds = Annotated[tuple[AskedId, ...], Meta(min_length=1, max_length=limits.IDS_PER_LINE)]


@attrs.frozen
class Push(Message):
    """
    Deliver what was wanted: the digests of its chunks follow this line, raw, 32 bytes each.

    :ivar ticket: of what was wanted.
    :ivar file: what was wanted.
    :ivar size: of the whole file, in bytes.
    :ivar partial: ask only for chunks that a ``HAVE`` has named.
    :ivar reorders: whoever pushes does as ``PREFER`` says.
    :ivar downloads: whoever pushes downloads it, too: what others have is nothing to it, so it
        is told of chunks only to have them not sent.
    """

    verb = "PUSH"

    ticket: MessageId
    file: FileId
    size: Size
    partial: bool = False
    reorders: bool = False
    downloads: bool = False


@attrs.frozen
class Fetch(Message):
    """
    Push here what was wanted, as this side could not be dialed.

    :ivar ticket: of what was wanted.
    """

    verb = "FETCH"

    ticket: MessageId


@attrs.frozen
class Send(Message):
    """
    Send these chunks.

    :ivar chunks: pairs of the first one's index and how many.
    """

    verb = "SEND"

    chunks: Ranges


@attrs.frozen
class Prefer(Message):
    """
    Of the chunks that you were asked for and have not begun to send, send these first.

    Said only where the ``PUSH`` has said that it ``reorders``.

    :ivar chunks: pairs of the first one's index and how many.
    """

    verb = "PREFER"

    chunks: Ranges


@attrs.frozen
class Have(Message):
    """
    These chunks are here; each is named once.

    Said by the holder: ask me for what I have named, and for nothing else; what was
    asked for before the first ``HAVE`` is forgotten. Said by the requester: do not
    send me these, and do not treat them as rare.

    :ivar chunks: pairs of the first one's index and how many.
    """

    verb = "HAVE"

    chunks: Ranges


@attrs.frozen
class HeldUp:
    """
    What holds up a holder for most of the time, as it says itself.

    :ivar by: ``limit``, its own limit of what it sends; ``disk``, its disk; or ``way``, that the
        connection takes no more. There may be others one day.
    :ivar limit: the most that it sends to all together, in bytes a second.
    :ivar pushes: to how many it sends now, this one included.
    :ivar round_trip: of this connection, in seconds.
    :ivar lost: the share of what it sends here that has to be sent again.
    :ivar ahead: whether it is said at the beginning, before it is measured: unless something else
        is slower, that will hold it up.
    """

    by: Annotated[str, Meta(max_length=16)]
    limit: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    pushes: Annotated[int, Meta(ge=1, lt=2**31)] = 1
    round_trip: Annotated[float, Meta(ge=0, le=1_000)] | None = None
    lost: Annotated[float, Meta(ge=0, le=1)] = 0.0
    ahead: bool = False


@attrs.frozen
class Chunk(Message):
    """
    One chunk: its raw bytes follow this line.

    :ivar index: which one, from 0.
    :ivar length: how many bytes follow: 1 MiB, less in the last chunk only.
    :ivar held: what holds up who sends it, said once a second at most.
    """

    verb = "CHUNK"

    index: ChunkIndex
    length: Annotated[int, Meta(ge=1, le=limits.CHUNK_BYTES)]
    held: HeldUp | None = None


@attrs.frozen
class More(Message):
    """
    Send these files whole, in this order, instead of chunks of the one that was pushed.

    :ivar files: what is wanted; each is answered by ``WHOLE`` or ``GONE``.
    :ivar together: several may be answered by one ``WHOLES``.
    """

    verb = "MORE"
    # The ids are of a list that was checked when it came.
    is_read_back = False

    files: FileIds
    together: bool = False


@attrs.frozen
class Whole(Message):
    """
    A file of at most one chunk: its raw bytes follow this line, and have that id.

    :ivar file: what was asked for.
    :ivar size: how many bytes follow.
    """

    verb = "WHOLE"

    file: FileId
    size: WholeSize


@attrs.frozen
class Wholes(Message):
    """
    Several files of at most one chunk: their raw bytes follow this line, one after the other.

    :ivar files: what was asked for, each once.
    :ivar sizes: how many bytes of each follow.
    :ivar held: what holds up who sends them, said once a second at most.
    """

    verb = "WHOLES"
    # The ids were checked when they were asked for.
    is_read_back = False

    files: AskedIds
    sizes: Annotated[tuple[WholeSize, ...], Meta(min_length=1, max_length=limits.IDS_PER_LINE)]
    held: HeldUp | None = None

    def __attrs_post_init__(self) -> None:
        """
        Check that the two fit.

        :raises ValueError: when they do not.
        """
        if not len(set(self.files)) == len(self.files) == len(self.sizes):
            raise ValueError("there must be one size for each file, and each file once")


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
