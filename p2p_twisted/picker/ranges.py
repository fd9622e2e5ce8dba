"""Chunks in a row, and flags that tell some of them from the others."""

from collections.abc import Iterable, Iterator, Sequence

from p2p_twisted.wire import limits
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Have

Range = tuple[int, int]
"""The index of the first of some chunks in a row, and how many they are."""


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


def runs(flags: bytearray, flag: int, within: Range) -> Iterator[Range]:
    """
    List the ranges that have a flag, in a part of some flags.

    :param flags: a byte for each chunk, 0 or 1.
    """
    position, length = within
    end = position + length
    while (first := flags.find(flag, position, end)) >= 0:
        position = flags.find(1 - flag, first, end)
        position = end if position < 0 else position
        yield first, position - first


def mark(flags: bytearray, chunks: Iterable[Range]) -> None:
    """
    Flag chunks that somebody announces.

    :raises ProtocolError: when there are no such, or they were announced before: so
        all that can be announced costs no more than there are chunks.
    """
    for first, count in chunks:
        if first + count > len(flags):
            raise ProtocolError(f"there are only {len(flags)} chunks")
        if flags.find(1, first, first + count) >= 0:
            raise ProtocolError("chunks were announced twice")
        flags[first : first + count] = b"\1" * count


def announcements(chunks: Sequence[Range]) -> Iterator[Have]:
    """Announce chunks, in as many messages as they need."""
    for start in range(0, len(chunks), limits.RANGES_PER_LINE):
        yield Have(tuple(chunks[start : start + limits.RANGES_PER_LINE]))
