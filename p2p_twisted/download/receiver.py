"""The requester's side of a push: take what was asked for, and nothing else."""

import mmap
from collections import deque
from collections.abc import Sequence
from typing import Final

from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.download.taking import Delivery, Taker
from p2p_twisted.picker.chunk_picker import ChunkPicker
from p2p_twisted.picker.ranges import Range, announcements
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.wire import limits
from p2p_twisted.wire.chunks import DIGEST_BYTES, chunk_count
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import (
    Chunk,
    Done,
    Error,
    Have,
    Message,
    Push,
    Refuse,
    Send,
)
from p2p_twisted.wire.session import Session

_LINES_AT_ONCE: Final = 16
_FLOOR_BYTES: Final = int(limits.FLOOR_BYTES_PER_SECOND * limits.STALL_SECONDS)


class ChunkReceiver(Session):
    """
    A session on an accepted connection that began with a ``PUSH`` we asked for.

    The digests come first. Then chunks come as they are asked for; at least 1 KiB
    per second of them must, over half a minute.

    :ivar holder: whose push it is.
    :ivar is_done: whether all has come, and the connection closes in order.
    """

    log = Logger()

    is_done = False

    def __init__(
        self, connection: Connection, push: Push, delivery: Delivery, taker: Taker
    ) -> None:
        self.holder = delivery.holder
        self._connection = connection
        self._push = push
        self._delivery = delivery
        self._taker = taker
        self._digests = bytearray()
        self._plan: ChunkPicker | None = None
        self._content: Content | None = None
        self._index = 0
        # One buffer for all chunks, made when the first one comes, and the part of it in use.
        self._buffer = memoryview(b"")
        self._chunk = self._buffer
        self._since_mark = 0
        self._untold: deque[Have] = deque()
        connection.set_deadline(limits.STALL_SECONDS)
        connection.input.expect_raw(DIGEST_BYTES * chunk_count(push.size), self._take_digests)
        if not push.size:
            self._check_digests()

    def received(self, message: Message) -> None:
        """Take a chunk's announcement, or an end."""
        if isinstance(message, Chunk):
            self._expect_chunk(message)
        elif isinstance(message, Have):
            self._take_note(message)
        elif isinstance(message, Refuse | Error):
            self._delivery.ended(message.reason)
            self._connection.close()
        else:
            raise ProtocolError(f"{message.verb} has no place in a push")

    def lost(self, reason: Failure) -> None:
        """Take note that the holder is gone; what is missing decides whether it was done."""
        # This session and its connection know each other: the buffer would outlive them a while.
        self._buffer = self._chunk = memoryview(b"")
        self._delivery.ended("the connection was lost")

    def abort(self) -> None:
        """Take nothing more from this holder."""
        self._connection.abort()

    def _take_digests(self, piece: bytes) -> None:
        self._moved(len(piece))
        self._digests += piece
        if len(self._digests) == DIGEST_BYTES * chunk_count(self._push.size):
            self._check_digests()

    def _check_digests(self) -> None:
        try:
            content = Content(self._push.file, self._push.size, bytes(self._digests))
        except WrongContent as lie:
            self._delivery.lied(str(lie))
            self._connection.abort()
        else:
            self._digests.clear()
            self._connection.clear_deadline()
            background(self.log, "preparing for a download", self._begin(content))

    async def _begin(self, content: Content) -> None:
        try:
            plan = await self._taker.begin(self.holder, content)
        except DiskFault as fault:
            self._failed(fault)
            return
        except Exception:
            self.log.failure("while preparing for a download")
            self._failed(DiskFault.unexpected())
            return
        self._content, self._plan = content, plan
        if self._connection.is_open:
            self._connection.set_deadline(limits.STALL_SECONDS)
            self._taker.joined(self, self._push.partial)
            self.ask()

    def ask(self) -> None:
        """Ask for more, if it is time; or say that all is there."""
        assert self._plan is not None
        if self.is_done or not self._connection.is_open:
            return
        if self._plan.is_complete:
            self.is_done = True
            self._connection.send(Done())
            # Whoever closes first keeps the port busy for a minute: let it be the holder.
            self._connection.set_deadline(limits.CLOSE_SECONDS)
            self._delivery.ended("complete")
            return
        asked = self._taker.ask(self.holder)
        if asked:
            self._connection.send(Send(asked))

    def announce(self, chunks: Sequence[Range]) -> None:
        """Tell the holder what needs not be sent, now or with the next announcements."""
        self._untold.extend(announcements(chunks))
        if self._connection.is_open and not self.is_done:
            for _ in range(min(len(self._untold), _LINES_AT_ONCE)):
                self._connection.send(self._untold.popleft())

    def _take_note(self, have: Have) -> None:
        if self._plan is None:
            raise ProtocolError("it is not known yet what there is to have")
        self._taker.announced(self.holder, have.chunks)
        if not self._plan.has_pending(self.holder):
            # Now that there is something to ask for.
            self._connection.set_deadline(limits.STALL_SECONDS)
        self.ask()

    def _expect_chunk(self, chunk: Chunk) -> None:
        if self.is_done:
            # It has not heard yet that all is there.
            self._connection.abort()
            return
        if self._plan is None or self._content is None:
            raise ProtocolError("no chunk was asked for yet")
        if not self._plan.is_asked(self.holder, chunk.index):
            raise ProtocolError(f"chunk {chunk.index} was not asked for")
        if chunk.length != self._content.length(chunk.index):
            raise ProtocolError(f"chunk {chunk.index} does not have {chunk.length} bytes")
        if not self._buffer:
            # Whole pages, as a file's are: they are copied faster to where they lie alike.
            self._buffer = memoryview(mmap.mmap(-1, min(limits.CHUNK_BYTES, self._content.size)))
        self._index, self._chunk = chunk.index, self._buffer[: chunk.length]
        self._connection.input.expect_block(self._chunk, self._moved, self._take_chunk)

    def _take_chunk(self) -> None:
        if self.is_done:
            # A second copy that was on its way when the first one came.
            return
        try:
            self._taker.take(self.holder, self._index, self._chunk)
        except WrongContent as wrong:
            self._delivery.doubted(str(wrong))
            self._connection.abort()
        except DiskFault as fault:
            self._failed(fault)
        else:
            self.ask()

    def _moved(self, count: int) -> None:
        """Put the deadline off whenever enough has come to keep above the floor."""
        self._taker.moved(self.holder, count)
        self._since_mark += count
        if self._since_mark >= _FLOOR_BYTES:
            self._since_mark = 0
            self._connection.set_deadline(limits.STALL_SECONDS)

    def _failed(self, fault: DiskFault) -> None:
        self._delivery.failed(fault)
        self._connection.abort()


class Unwanted(Session):
    """The session of a connection that is being closed: nothing of it is taken."""

    def received(self, message: Message) -> None:
        """Ignore it."""
