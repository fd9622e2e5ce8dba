"""Keep what one requester may ask for, has asked for, and does not need any more."""

from collections import deque
from collections.abc import Iterable

from p2p_twisted.picker import limits
from p2p_twisted.picker.ranges import Range, mark, runs, split
from p2p_twisted.wire.errors import ProtocolError


class RequestedChunks:
    """
    Queues the chunks that one requester waits for.

    It may ask for any chunk, until the first are offered: from then on, for offered ones only.

    :param chunks: how many the content has.
    """

    def __init__(self, chunks: int) -> None:
        self._chunks = chunks
        self._waiting: deque[Range] = deque()
        # A byte for each chunk; made on first use, as most pushes do without.
        self._offered: bytearray | None = None
        self._not_needed: bytearray | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the requester waits for nothing."""
        return not self._waiting

    @property
    def is_offered(self) -> bool:
        """Whether the requester may ask for offered chunks only."""
        return self._offered is not None

    def ask(self, chunks: Iterable[Range]) -> None:
        """
        Queue the chunks that the requester asks for; ignore those that were not offered.

        :raises ProtocolError: when they do not exist, or too many ranges wait already.
        """
        for first, count in chunks:
            if first + count > self._chunks:
                raise ProtocolError(f"there are only {self._chunks} chunks")
            asked: Iterable[Range] = ((first, count),)
            if self._offered is not None:
                asked = runs(self._offered, 1, (first, count))
            for each in asked:
                if len(self._waiting) >= limits.RANGES_WAITING:
                    raise ProtocolError("too much is asked for at once")
                self._waiting.append(each)

    def prefer(self, chunks: Iterable[Range]) -> None:
        """
        Send some chunks before all others that wait; ignore those that do not.

        :raises ProtocolError: when they do not exist.
        """
        if len(self._waiting) > limits.CHUNKS_OWED:
            # Whoever reads along never asks for so much: to look through it takes time.
            return
        hurried: list[Range] = []
        for first, count in chunks:
            if first + count > self._chunks:
                raise ProtocolError(f"there are only {self._chunks} chunks")
            waiting, self._waiting = self._waiting, deque()
            for each in waiting:
                before, within, behind = split(each, (first, count))
                hurried += within
                self._waiting += before + behind
        self._waiting.extendleft(reversed(hurried))

    def next(self) -> int | None:
        """Remove and return the chunk to send next; ``None`` when the requester waits for none."""
        while self._waiting:
            first, count = self._waiting.popleft()
            end = first + count
            if self._not_needed is not None:
                first = self._not_needed.find(0, first, end)
                if first < 0:
                    continue
            if first + 1 < end:
                self._waiting.appendleft((first + 1, end - first - 1))
            return first
        return None

    def offer(self, chunks: Iterable[Range]) -> list[Range]:
        """
        Offer chunks; the first offer also withdraws all others, and clears the queue.

        :returns: the chunks that had not been offered before.
        """
        if self._offered is None:
            self._offered = bytearray(self._chunks)
            self._waiting.clear()
        fresh = [run for each in chunks for run in runs(self._offered, 0, each)]
        for first, count in fresh:
            self._offered[first : first + count] = b"\1" * count
        return fresh

    def cancel(self, chunks: Iterable[Range]) -> None:
        """
        Skip chunks from now on: the requester has them.

        :raises ProtocolError: when they do not exist, or the requester has said so before.
        """
        if self._not_needed is None:
            self._not_needed = bytearray(self._chunks)
        mark(self._not_needed, chunks)
