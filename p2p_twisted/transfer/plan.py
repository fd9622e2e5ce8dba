"""Decide which chunks of a file to ask a holder for next."""

from collections.abc import Iterable, Iterator
from typing import Final

from p2p_twisted.wire import limits
from p2p_twisted.wire.content import chunk_count, chunk_length
from p2p_twisted.wire.names import PeerName

Range = tuple[int, int]
"""The index of the first of some chunks in a row, and how many they are."""

_MISSING: Final = 0
_ASKED: Final = 1
_VERIFIED: Final = 2


class Plan:
    """
    Which chunks of one file are verified, which were asked for, and of whom.

    :ivar size: of the file, in bytes.
    :ivar received: how many of its bytes are verified.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.received = 0
        self._state = bytearray(chunk_count(size))
        self._asked: dict[PeerName, set[int]] = {}
        # No chunk before this one is missing.
        self._first = 0

    @property
    def is_complete(self) -> bool:
        """Whether every chunk is verified."""
        return self.received == self.size

    def ask(self, holder: PeerName) -> tuple[Range, ...]:
        """
        Choose what to ask a holder for now.

        A holder is kept busy: it is asked for more as soon as it owes no more
        than half of the 16 chunks that it may be asked for at once.

        :returns: at most 16 ranges; none while it owes enough, or nothing is left.
        """
        asked = self._asked.setdefault(holder, set())
        if len(asked) > limits.CHUNKS_ASKED // 2:
            return ()
        chosen = list(self._choose(limits.CHUNKS_ASKED - len(asked)))
        asked.update(chosen)
        return tuple(ranges(chosen))

    def is_asked(self, holder: PeerName, index: int) -> bool:
        """Tell whether a holder was asked for a chunk that it has not delivered."""
        return index in self._asked.get(holder, ())

    def verified(self, index: int) -> None:
        """Take note that a chunk is there; twice does no harm."""
        if self._state[index] == _VERIFIED:
            return
        self._state[index] = _VERIFIED
        self.received += chunk_length(self.size, index)
        for asked in self._asked.values():
            asked.discard(index)

    def release(self, holder: PeerName) -> None:
        """Let others be asked for what a holder did not deliver: it is gone."""
        for index in self._asked.pop(holder, ()):
            self._state[index] = _MISSING
            self._first = min(self._first, index)

    def _choose(self, count: int) -> Iterator[int]:
        for _ in range(count):
            index = self._state.find(_MISSING, self._first)
            if index < 0:
                self._first = len(self._state)
                return
            self._state[index] = _ASKED
            self._first = index + 1
            yield index


def ranges(indexes: Iterable[int]) -> Iterator[Range]:
    """Join ascending indexes that follow each other into ranges."""
    first = count = 0
    for index in indexes:
        if count and index == first + count:
            count += 1
            continue
        if count:
            yield first, count
        first, count = index, 1
    if count:
        yield first, count
