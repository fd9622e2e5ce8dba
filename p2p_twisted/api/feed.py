"""What many read along as it comes: kept in a bounded ring, and written to each at its own pace."""

from collections import deque
from typing import Final

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from p2p_twisted.api import limits
from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.stream import Stream

_ROUND_SECONDS: Final = 0.05
"""How long to gather what is new before it is written."""
_READERS_PER_TURN: Final = 50
"""To how many to write before the reactor does something else: about 2 ms."""


@define(eq=False)
class Ring:
    """
    The last pieces of what never ends, numbered one after the other.

    :ivar next: the number of the next piece.
    """

    next: int
    _most: int
    _most_bytes: int
    _pieces: deque[bytes] = field(factory=deque)
    _bytes: int = 0

    @property
    def oldest(self) -> int:
        """The number of the first piece that is still there."""
        return self.next - len(self._pieces)

    def add(self, piece: bytes) -> None:
        """Add the next piece; what becomes too much is forgotten, the oldest first."""
        self._pieces.append(piece)
        self._bytes += len(piece)
        self.next += 1
        while len(self._pieces) > self._most or self._bytes > self._most_bytes:
            self._bytes -= len(self._pieces.popleft())

    def clear(self) -> None:
        """Forget all, so that nobody can go on from where it was."""
        self._pieces.clear()
        self._bytes = 0
        self.next += 1

    def since(self, number: int, most_bytes: int) -> tuple[bytes, int]:
        """Join pieces from a number on, at least one; return them, and the number after them."""
        joined: list[bytes] = []
        size = 0
        while number < self.next and size < most_bytes:
            joined.append(self._pieces[number - self.oldest])
            size += len(joined[-1])
            number += 1
        return b"".join(joined), number


@define(eq=False)
class _Reader:
    """
    One that reads along.

    :ivar at: the number of the next piece that it is given.
    :ivar stalled: since when it has taken nothing, in seconds.
    """

    stream: Stream
    at: int
    stalled: float | None = None


@define(eq=False)
class Feed:
    """
    Writes what is added to all who read along.

    Nothing is kept for a reader but its place in the ring: one that is slow is written to when
    it has read on, and dropped when what it is to have next is no longer there, or when it has
    taken nothing for long.
    """

    _clock: IReactorTime
    ring: Ring
    _readers: dict[_Reader, None] = field(factory=dict, init=False)
    _left: list[_Reader] = field(factory=list, init=False)
    _written: int = field(default=0, init=False)
    _timer: IDelayedCall | None = field(default=None, init=False)

    def __len__(self) -> int:
        return len(self._readers)

    def add(self, piece: bytes) -> None:
        """Add a piece, and write it soon."""
        self.ring.add(piece)
        if self._readers and self._timer is None:
            self._timer = self._clock.callLater(_ROUND_SECONDS, self._write)

    def follow(self, stream: Stream, at: int) -> "Deferred[None]":
        """
        Write all from a number on, and what comes.

        :returns: fires when the reader has gone.
        :raises BadRequest: when there are too many.
        """
        if len(self._readers) >= limits.READERS:
            raise BadRequest("too_many", f"{limits.READERS:,} read that already")
        if stream.is_over:
            return succeed(None)
        reader = _Reader(stream, at)
        gone: Deferred[None] = Deferred()

        def forget() -> None:
            del self._readers[reader]
            gone.callback(None)

        self._readers[reader] = None
        stream.ended, stream.resumed = forget, lambda: self._catch_up(reader)
        stream.buffer(limits.READER_BYTES)
        stream.write(b"")
        self._catch_up(reader)
        return gone

    def close(self) -> None:
        """End all answers."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for reader in tuple(self._readers):
            reader.stream.end()

    def _write(self) -> None:
        """Write what is new to some readers; and soon to the others."""
        self._timer = None
        if not self._left:
            self._left, self._written = list(self._readers), self.ring.next
        for _ in range(min(_READERS_PER_TURN, len(self._left))):
            self._catch_up(self._left.pop())
        if self._left:
            self._timer = self._clock.callLater(0, self._write)
        elif self._written < self.ring.next:
            self._timer = self._clock.callLater(_ROUND_SECONDS, self._write)

    def _catch_up(self, reader: _Reader) -> None:
        """Write as much as a reader takes at once."""
        stream, ring = reader.stream, self.ring
        if stream.is_paused:
            self._drop_if_stuck(reader)
            return
        reader.stalled = None
        while reader.at < ring.next and not (stream.is_paused or stream.is_over):
            if reader.at < ring.oldest:
                stream.drop()
                return
            pieces, reader.at = ring.since(reader.at, limits.READER_BYTES)
            stream.write(pieces)

    def _drop_if_stuck(self, reader: _Reader) -> None:
        now = self._clock.seconds()
        reader.stalled = now if reader.stalled is None else reader.stalled
        is_stuck = now - reader.stalled > limits.READER_STALL_SECONDS
        if is_stuck or reader.at < self.ring.oldest:
            reader.stream.drop()
