"""The requester's side of a push: accept what was asked for, and nothing else."""

import mmap
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.download.in_progress import FileInProgress
from p2p_twisted.picker.ranges import Range, announcements
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.wire import limits
from p2p_twisted.wire.chunks import DIGEST_BYTES, chunk_count
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Chunk, Done, Error, Have, Message, Push, Refuse, Send
from p2p_twisted.wire.names import PeerName
from p2p_twisted.wire.session import Session

OpenFile = Callable[[Content], "Deferred[FileInProgress]"]
"""Opens the part file of what the digests have proven; fails with :class:`DiskFault`."""

_LINES_AT_ONCE: Final = 16
_FLOOR_BYTES: Final = int(limits.FLOOR_BYTES_PER_SECOND * limits.STALL_SECONDS)


class Delivery(Protocol):
    """What one request to one holder has come to: the ``PendingWant`` of its ticket."""

    holder: PeerName

    def ended(self, reason: str) -> None:
        """The holder is done, or gone; what is missing decides what comes next."""

    def lied(self, reason: str) -> None:
        """The holder delivered something else than the file id names."""

    def doubted(self, reason: str) -> None:
        """The holder delivered wrong bytes: its file may have changed on their way."""

    def failed(self, fault: Exception) -> None:
        """What comes cannot be kept, whichever holder delivers it."""


class PushReceiver(Session):
    """
    A session on an accepted connection that began with a ``PUSH`` we asked for.

    The digests come first. From then on at least 1 KiB per second must come of what the
    holder was asked for, over half a minute; otherwise the connection ends.

    :ivar holder: the peer that pushes.
    :ivar is_done: whether all has come, and the connection closes in order.
    """

    log = Logger()

    is_done = False
    _kind = "a push"

    def __init__(self, connection: Connection, push: Push, delivery: Delivery) -> None:
        self.holder = delivery.holder
        self._connection = connection
        self._push = push
        self._delivery = delivery
        self._digests = bytearray()
        self._since_mark = 0
        self._put_off_deadline()
        connection.input.expect_raw(DIGEST_BYTES * chunk_count(push.size), self._take_digests)
        if not push.size:
            self._digests_came(b"")

    def ask(self) -> None:
        """Ask for more, if it is time; or say that all is there."""
        raise NotImplementedError

    @override
    def received(self, message: Message) -> None:
        """Handle an end; subclasses handle what else has a place in their pushes."""
        if not isinstance(message, Refuse | Error):
            raise ProtocolError(f"{message.verb} has no place in {self._kind}")
        self._delivery.ended(message.reason)
        self._connection.close()

    @override
    def lost(self, reason: Failure) -> None:
        """End the delivery; what is missing decides whether it was complete."""
        self._delivery.ended("the connection was lost")

    def abort(self) -> None:
        """Accept nothing more from this holder."""
        self._connection.abort()

    def _digests_came(self, digests: bytes) -> None:
        raise NotImplementedError

    def _take_digests(self, piece: bytes) -> None:
        self._moved(len(piece))
        self._digests += piece
        if len(self._digests) == DIGEST_BYTES * chunk_count(self._push.size):
            digests = bytes(self._digests)
            self._digests.clear()
            self._digests_came(digests)

    def _moved(self, count: int) -> None:
        """Put the deadline off whenever enough has come to keep above the floor."""
        self._since_mark += count
        if self._since_mark >= _FLOOR_BYTES:
            self._put_off_deadline()

    def _put_off_deadline(self) -> None:
        self._since_mark = 0
        self._connection.set_deadline(limits.STALL_SECONDS)

    def _end(self) -> None:
        """Tell the holder that all is there."""
        self.is_done = True
        self._connection.send(Done())
        # The side that closes first keeps the port busy for a minute: that is the holder.
        self._connection.set_deadline(limits.CLOSE_SECONDS)
        self._delivery.ended("complete")

    def _lied(self, lie: WrongContent) -> None:
        self._delivery.lied(str(lie))
        self._connection.abort()

    def _failed(self, fault: DiskFault) -> None:
        self._delivery.failed(fault)
        self._connection.abort()


class ChunkReceiver(PushReceiver):
    """Receives chunks of one file, as they are asked for."""

    def __init__(
        self, connection: Connection, push: Push, delivery: Delivery, open_file: OpenFile
    ) -> None:
        self._open_file = open_file
        self._opening: Deferred[None] | None = None
        self._file: FileInProgress | None = None
        self._index = 0
        # One buffer for all chunks, made when the first one comes, and the part of it in use.
        self._buffer = memoryview(b"")
        self._chunk = self._buffer
        self._untold: deque[Have] = deque()
        super().__init__(connection, push, delivery)

    @override
    def received(self, message: Message) -> None:
        """Handle a chunk's announcement, what the holder has, or an end."""
        if isinstance(message, Chunk):
            self._expect_chunk(message)
        elif isinstance(message, Have):
            self._announced(message)
        else:
            super().received(message)

    @override
    def lost(self, reason: Failure) -> None:
        """End the delivery; what is missing decides whether it was complete."""
        # This session and its connection know each other: the buffer would outlive them a while.
        self._buffer = self._chunk = memoryview(b"")
        super().lost(reason)

    @override
    def abort(self) -> None:
        """Accept nothing more from this holder."""
        super().abort()
        if self._opening is not None:
            self._opening.cancel()

    @override
    def ask(self) -> None:
        """Ask for more, if it is time; or say that all is there."""
        assert self._file is not None
        if self.is_done or not self._connection.is_open:
            return
        if self._file.picker.is_complete:
            self._end()
        elif chunks := self._file.request(self.holder):
            self._connection.send(Send(chunks))

    def announce(self, chunks: Sequence[Range]) -> None:
        """Tell the holder what it need not send, now or with the next announcements."""
        self._untold.extend(announcements(chunks))
        if self._connection.is_open and not self.is_done:
            for _ in range(min(len(self._untold), _LINES_AT_ONCE)):
                self._connection.send(self._untold.popleft())

    @override
    def _digests_came(self, digests: bytes) -> None:
        try:
            content = Content(self._push.file, self._push.size, digests)
        except WrongContent as lie:
            self._lied(lie)
            return
        self._connection.clear_deadline()
        opening = self._open_file(content)
        self._opening = opening.addCallbacks(self._begin, self._cannot_begin)
        background(self.log, "preparing for a download", self._opening)

    def _begin(self, file: FileInProgress) -> None:
        if self._connection.is_open:
            self._file = file
            self._put_off_deadline()
            file.joined(self, self._push.partial)
            self.ask()

    def _cannot_begin(self, failure: Failure) -> None:
        fault = failure.value
        if isinstance(fault, CancelledError):
            return
        if not isinstance(fault, DiskFault):
            self.log.failure("while preparing for a download", failure)
            fault = DiskFault.unexpected()
        self._failed(fault)

    def _announced(self, have: Have) -> None:
        if self._file is None:
            raise ProtocolError("it is not known yet what there is to have")
        self._file.announced(self.holder, have.chunks)
        if not self._file.picker.has_pending(self.holder):
            # Now that there is something to ask for.
            self._put_off_deadline()
        self.ask()

    def _expect_chunk(self, chunk: Chunk) -> None:
        if self.is_done:
            # It has not heard yet that all is there.
            self._connection.abort()
            return
        if self._file is None:
            raise ProtocolError("no chunk was asked for yet")
        if not self._file.picker.is_asked(self.holder, chunk.index):
            raise ProtocolError(f"chunk {chunk.index} was not asked for")
        content = self._file.content
        if chunk.length != content.length(chunk.index):
            raise ProtocolError(f"chunk {chunk.index} does not have {chunk.length} bytes")
        if not self._buffer:
            # Whole pages, as a file's are: they are copied faster to where they lie alike.
            self._buffer = memoryview(mmap.mmap(-1, min(limits.CHUNK_BYTES, content.size)))
        self._index, self._chunk = chunk.index, self._buffer[: chunk.length]
        self._connection.input.expect_block(self._chunk, self._moved, self._take_chunk)

    def _take_chunk(self) -> None:
        if self.is_done:
            # A second copy that was on its way when the first one came.
            return
        assert self._file is not None
        accepting = self._file.accept(self.holder, self._index, self._chunk)
        is_slow = not accepting.called
        if is_slow:
            # The bytes stay where they are, so that no others can come until they are written.
            self._connection.intake.hold()
            self._connection.clear_deadline()
        accepting.addCallbacks(lambda _none: self.ask(), self._not_accepted)
        if is_slow:
            accepting.addCallback(self._go_on)
        background(self.log, "accepting a chunk", accepting)

    def _not_accepted(self, failure: Failure) -> None:
        if isinstance(failure.value, WrongContent):
            self._delivery.doubted(str(failure.value))
            self._connection.abort()
        elif isinstance(failure.value, DiskFault):
            self._failed(failure.value)
        else:
            self.log.failure("while accepting a chunk", failure)
            self._connection.abort()

    def _go_on(self, _none: None) -> None:
        if self._connection.is_open:
            self._put_off_deadline()
            self._connection.intake.release()

    @override
    def _moved(self, count: int) -> None:
        super()._moved(count)
        if self._file is not None and not self.is_done:
            self._file.moved(self.holder, count)


class Unwanted(Session):
    """The session of a connection that is being closed."""

    @override
    def received(self, message: Message) -> None:
        """Ignore it."""
