"""Model one holder of a file: what it has, what it was asked for, and how fast it delivers."""

from array import array
from collections.abc import Sequence
from itertools import islice
from math import exp
from typing import Final

from p2p_twisted.picker import limits
from p2p_twisted.picker.ranges import Range, mark
from p2p_twisted.wire import limits as wire_limits

_AHEAD_SECONDS: Final = 1.0
_FEWEST_ASKED: Final = 2
_ASKED_AT_FIRST: Final = 4
_PARTS_OF_THAT: Final = 2
_SMOOTHED_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 2.0
_ALIVE_BYTES: Final = int(_PATIENCE_SECONDS * wire_limits.FLOOR_BYTES_PER_SECOND)
_UNKNOWN_CHUNK_SECONDS: Final = 0.5
_SHORTEST_SECONDS: Final = 1e-6


class Holder:
    """
    One holder, as the chunk picker sees it.

    :ivar reorders: whether it can be told what to send first.
    :ivar downloads: whether it downloads the file, too, and does not choose by what it is told.
    :ivar has: a byte for each chunk, 1 for those that it has announced; ``None`` while
        it has announced none, and therefore has all.
    :ivar candidates: chunks that it has announced, in any order; some are verified already.
    :ivar pending: chunks that it was asked for and has not delivered, as it is to send them.
    :ivar superseded: chunks that it was asked for, and that are not expected from it any more.
    :ivar is_snubbed: whether other holders may be asked for its pending chunks.
    """

    def __init__(self, now: float, reorders: bool = False, downloads: bool = False) -> None:
        self.reorders = reorders
        self.downloads = downloads
        self.has: bytearray | None = None
        self.candidates = array("I")
        self.pending: dict[int, None] = {}
        self.superseded: set[int] = set()
        self.is_snubbed = False
        self._since = self._alive_at = now
        self._moved = 0
        # Both decay, so that recent deliveries count more.
        self._bytes = 0.0
        self._seconds = 0.0

    @property
    def chunk_seconds(self) -> float:
        """How many seconds it needs for one chunk; a guess before the first one."""
        if not self._bytes:
            return _UNKNOWN_CHUNK_SECONDS
        return max(wire_limits.CHUNK_BYTES * self._seconds / self._bytes, _SHORTEST_SECONDS)

    @property
    def room(self) -> int:
        """
        How many more chunks to ask it for.

        A holder is asked for what it delivers in about a second, and again as soon as no more
        than half of that is pending. A snubbed one is asked for a single chunk, to show that
        it is back.
        """
        return self.room_beside(len(self.pending))

    def room_beside(self, pending: int) -> int:
        """Return how many more chunks to ask it for where so many count as pending."""
        if self.is_snubbed:
            return 0 if pending else 1
        # Who downloads it, too, sends to others meanwhile.
        parts = _PARTS_OF_THAT if self.downloads else 1
        window = _ASKED_AT_FIRST // parts
        if self._bytes:
            ahead = int(_AHEAD_SECONDS / self.chunk_seconds)
            window = min(max(_FEWEST_ASKED // parts, ahead), limits.CHUNKS_ASKED)
        return 0 if pending > window // 2 else window - pending

    @property
    def spare(self) -> int:
        """How many more chunks to ask it for at most, if these are to come before the others."""
        return max(0, min(limits.CHUNKS_ASKED, limits.CHUNKS_OWED - len(self.pending)))

    def may_have(self, index: int) -> bool:
        """Return whether it can be asked for a chunk."""
        return self.has is None or self.has[index] == 1

    def asked(self, index: int, now: float) -> None:
        """Record that it was asked for a chunk."""
        if not self.pending:
            self._since = self._alive_at = now
            self.is_snubbed = False
        self.pending[index] = None

    def prefer(self, chunks: Sequence[int]) -> bool:
        """Expect some pending chunks before the others; return whether that is new."""
        is_new = list(islice(self.pending, len(chunks))) != chunks
        self.pending = dict.fromkeys(chunks) | self.pending
        return is_new

    def moved(self, count: int, now: float) -> None:
        """Record that it has sent bytes, be they less than a chunk."""
        self._moved += count
        if self._moved >= _ALIVE_BYTES:
            self._moved = 0
            self._alive_at = now

    def delivered(self, index: int, count: int, now: float) -> None:
        """Record that it has delivered a chunk of so many bytes."""
        elapsed, self._since = now - self._since, now
        self._alive_at = now
        fading = exp(-elapsed / _SMOOTHED_SECONDS)
        self._bytes = self._bytes * fading + count
        self._seconds = self._seconds * fading + elapsed
        if index in self.pending:
            del self.pending[index]
        else:
            self.superseded.discard(index)

    def supersede(self, index: int) -> None:
        """Expect a chunk from it no longer: another holder has delivered it."""
        if index in self.pending:
            del self.pending[index]
            self.superseded.add(index)

    def seconds_until(self, position: int, now: float) -> float:
        """Estimate in how many seconds it will deliver the pending chunk at a position."""
        overdue = max(0.0, now - self._since - self.chunk_seconds)
        return (position + 1) * self.chunk_seconds + overdue

    def is_stalling(self, now: float) -> bool:
        """Return whether to snub it: requests are pending and almost no bytes arrive."""
        is_late = now - self._alive_at > _PATIENCE_SECONDS
        return bool(self.pending) and is_late and not self.is_snubbed

    def announce(self, chunks: Sequence[Range], count: int) -> None:
        """
        Record chunks that it has; the first announcement also says that it has no others.

        :param count: how many chunks the file has.
        :raises ProtocolError: when it has announced them before, or they do not exist.
        """
        if self.has is None:
            self.has = bytearray(count)
        mark(self.has, chunks)
        for first, length in chunks:
            self.candidates.extend(range(first, first + length))
