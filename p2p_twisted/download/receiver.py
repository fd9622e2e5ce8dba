"""The requester's side of a push: accept what was asked for, and nothing else."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.download.in_progress import FileInProgress
from p2p_twisted.download.push_receiver import Delivery, PushReceiver
from p2p_twisted.picker.ranges import Range, announcements
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Chunk, Have, Message, Prefer, Push, Send
from p2p_twisted.wire.session import Session

OpenFile = Callable[[Content], "Deferred[FileInProgress]"]
"""Opens the part file of what the digests have proven; fails with :class:`DiskFault`."""

T = TypeVar("T")

_LINES_AT_ONCE: Final = 16
_NO_BYTES: Final = memoryview(b"")


class ChunkReceiver(PushReceiver):
    """Receives chunks of one file, as they are asked for."""

    def __init__(
        self, connection: Connection, push: Push, delivery: Delivery, open_file: OpenFile
    ) -> None:
        self._open_file = open_file
        self._opening: Deferred[None] | None = None
        self._file: FileInProgress | None = None
        self._index = 0
        # A chunk comes into one buffer while others are written from theirs.
        self._buffer = self._chunk = _NO_BYTES
        # Chunks that have come, and are being verified and written.
        self._at_work: set[int] = set()
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
        self._buffer = self._chunk = _NO_BYTES
        super().lost(reason)

    @override
    def abort(self) -> None:
        """Accept nothing more from this holder."""
        super().abort()
        if self._opening is not None:
            self._opening.cancel()

    @property
    @override
    def left(self) -> int:
        """How many bytes of the file are still to come."""
        return self._push.size - (0 if self._file is None else self._file.picker.received)

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
            self.times.is_asked(True)
        elif not self._file.picker.has_pending(self.holder):
            self.times.is_asked(False)
        if first := self._file.preferred(self.holder):
            self._connection.send(Prefer(first))

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
        self.times.is_held_up(True)
        opening = self._open_file(content)
        self._opening = opening.addCallbacks(self._begin, self._cannot_begin)
        background(self.log, "preparing for a download", self._opening)

    def _begin(self, file: FileInProgress) -> None:
        self.times.is_held_up(False)
        if self._connection.is_open:
            self._file = file
            self._put_off_deadline()
            file.joined(self, self._push)
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
        is_asked = self._file.picker.is_asked(self.holder, chunk.index)
        if not is_asked or chunk.index in self._at_work:
            raise ProtocolError(f"chunk {chunk.index} was not asked for")
        content = self._file.content
        if chunk.length != content.length(chunk.index):
            raise ProtocolError(f"chunk {chunk.index} does not have {chunk.length} bytes")
        if not self._buffer:
            self._buffer = self._file.buffers.take()
        if chunk.held is not None:
            self.times.claimed(chunk.held)
        self._index, self._chunk = chunk.index, self._buffer[: chunk.length]
        self._connection.input.expect_block(self._chunk, self._moved, self._take_chunk)

    def _take_chunk(self) -> None:
        if self.is_done:
            # A second copy that was on its way when the first one came.
            return
        assert self._file is not None
        self.times.is_held_up(True)
        accepting = self._file.accept(self.holder, self._index, self._chunk)
        is_at_work = not accepting.called
        if not (is_at_work and self._file.has_enough_at_work):
            self.times.is_held_up(False)
        if is_at_work:
            self._leave_at_work(accepting)
        accepting.addCallback(self._accepted, is_at_work).addErrback(self._not_accepted)

    def _leave_at_work(self, accepting: "Deferred[None]") -> None:
        """Leave the bytes where they are until they are written: others come elsewhere, or wait."""
        assert self._file is not None
        file, index, buffer = self._file, self._index, self._buffer
        self._buffer = _NO_BYTES
        self._at_work.add(index)
        # Perhaps nothing else was asked for: then it is not the holder that is slow.
        self._connection.clear_deadline()
        if self._file.has_enough_at_work:
            self._connection.intake.hold()

        def worked(outcome: T) -> T:
            self._at_work.remove(index)
            file.buffers.give_back(buffer)
            return outcome

        accepting.addBoth(worked)

    def _accepted(self, _none: None, was_at_work: bool) -> None:
        self.ask()
        if was_at_work:
            self._go_on()

    def _not_accepted(self, failure: Failure) -> None:
        if isinstance(failure.value, WrongContent):
            self._delivery.doubted(str(failure.value))
            self._connection.abort()
        elif isinstance(failure.value, DiskFault):
            self._failed(failure.value)
        else:
            self.log.failure("while accepting a chunk", failure)
            self._connection.abort()

    def _go_on(self) -> None:
        assert self._file is not None
        if self._connection.is_open:
            if not (self._at_work or self.is_done):
                self._put_off_deadline()
            if not self._at_work or self._file.has_little_at_work:
                self._connection.intake.release()
                self.times.is_held_up(False)

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
