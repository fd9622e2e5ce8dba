"""Ranges of consecutive chunks, and how to find and set them in flags."""

from collections.abc import Iterable, Iterator, Sequence

from p2p_twisted.wire import limits
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Have

Range = tuple[int, int]
"""The index of the first of some consecutive chunks, and their number."""


def ranges(indexes: Iterable[int]) -> Iterator[Range]:
    """Join consecutive ascending indexes into ranges."""
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
    Find the ranges in which all flags have one value.

    :param flags: a byte for each chunk, 0 or 1.
    """
    position, length = within
    end = position + length
    while (first := flags.find(flag, position, end)) >= 0:
        position = flags.find(1 - flag, first, end)
        position = end if position < 0 else position
        yield first, position - first


def split(some: Range, by: Range) -> tuple[list[Range], list[Range], list[Range]]:
    """Divide a range into what is before another one, within it, and behind it; each or none."""
    start, end = some[0], some[0] + some[1]
    first, last = (min(max(edge, start), end) for edge in (by[0], by[0] + by[1]))
    if first == last:
        return [some], [], []
    before, within, behind = (start, first - start), (first, last - first), (last, end - last)
    return [before] if before[1] else [], [within], [behind] if behind[1] else []


def mark(flags: bytearray, chunks: Iterable[Range]) -> None:
    """
    Set the flags of announced chunks.

    :raises ProtocolError: when they do not exist, or were announced before; so the cost of
        all announcements is bounded by the number of chunks.
    """
    for first, count in chunks:
        if first + count > len(flags):
            raise ProtocolError(f"there are only {len(flags)} chunks")
        if flags.find(1, first, first + count) >= 0:
            raise ProtocolError("chunks were announced twice")
        flags[first : first + count] = b"\1" * count


def announcements(chunks: Sequence[Range]) -> Iterator[Have]:
    """Write announcements of chunks, in as many messages as they need."""
    for start in range(0, len(chunks), limits.RANGES_PER_LINE):
        yield Have(tuple(chunks[start : start + limits.RANGES_PER_LINE]))
