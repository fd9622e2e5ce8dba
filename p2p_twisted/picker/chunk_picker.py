"""Decide which chunks of a file to ask which holder for next."""

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import filterfalse, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from p2p_twisted.picker.holder import Holder
from p2p_twisted.picker.ranges import Range, ranges, runs
from p2p_twisted.picker.second_copies import is_due, pending_at_slower
from p2p_twisted.picker.urgent_chunks import UrgentChunks
from p2p_twisted.wire.chunks import chunk_count, chunk_length
from p2p_twisted.wire.names import PeerName

if TYPE_CHECKING:
    from random import Random

_COMPARED: Final = 8


class ChunkPicker:
    """
    Knows which chunks of one file are verified, and which were requested from which holder.

    Faster holders are asked for more. A chunk is requested from one holder at a time, with three
    exceptions: what is pending at a stalling holder, which is snubbed; what is pending at slow
    holders, at the end (end game), or while somebody waits for it. Then the first copy counts.

    No method looks at all chunks to choose one: a file may have a million.

    :param rng: makes downloaders of one file ask for different chunks of it.
    :ivar size: of the file, in bytes.
    :ivar received: how many of its bytes are verified.
    """

    def __init__(self, size: int, rng: "Random") -> None:
        self.size = size
        self.received = 0
        self._rng = rng
        self._chunks = chunk_count(size)
        # A byte for each chunk: 1 if it is verified.
        self._verified = bytearray(self._chunks)
        # 1 if it is neither verified nor pending at a holder that is not snubbed.
        self._unasked = bytearray(b"\1") * self._chunks
        # No chunk before this one is unasked.
        self._first = 0
        self._holders: dict[PeerName, Holder] = {}
        self._urgent = UrgentChunks()

    @property
    def is_complete(self) -> bool:
        """Whether every chunk is verified."""
        return self.received == self.size

    @property
    def is_any_pending(self) -> bool:
        """Whether a chunk is pending at any holder."""
        return any(holder.pending for holder in self._holders.values())

    @property
    def has_whole(self) -> bool:
        """Whether some holder has all chunks, and is not snubbed."""
        holders = self._holders.values()
        return any(holder.has is None and not holder.is_snubbed for holder in holders)

    @property
    def snubbed(self) -> tuple[PeerName, ...]:
        """The holders whose requests are pending without anything arriving."""
        return tuple(name for name, holder in self._holders.items() if holder.is_snubbed)

    # Holders

    def add(self, holder: PeerName, now: float, is_partial: bool = False, **kind: bool) -> None:
        """
        Add a holder.

        :param is_partial: whether it has only what it will announce.
        :param kind: see :class:`Holder`.
        """
        self._holders[holder] = added = Holder(now, **kind)
        if is_partial:
            added.announce((), self._chunks)

    def announced(self, holder: PeerName, chunks: Sequence[Range]) -> None:
        """
        Record chunks that a holder has; its first announcement also says that it has no others.

        :raises ProtocolError: when they do not exist, or it has announced them before.
        """
        announcing = self._holders[holder]
        if announcing.has is None:
            # It forgets earlier requests; some chunks may still be in flight.
            self._cancel_pending(announcing)
        announcing.announce(chunks, self._chunks)

    def release(self, holder: PeerName) -> None:
        """Remove a holder that is gone; its pending chunks can be requested from others."""
        gone = self._holders.pop(holder, None)
        if gone is not None:
            self._cancel_pending(gone)

    # Chunks

    def hurry(self, ahead: Iterable[Range], awaited: Iterable[int] = ()) -> None:
        """
        Choose some chunks before all others, in their order, in place of those named before.

        :param ahead: what is read next.
        :param awaited: what somebody waits for now, which comes first of all.
        """
        within = ((first, min(count, self._chunks - first)) for first, count in ahead)
        self._urgent = UrgentChunks(tuple(awaited), tuple(within))

    def choose(self, holder: PeerName, now: float) -> tuple[Range, ...]:
        """
        Choose what to request from a holder now.

        :param now: seconds on the monotonic clock, here and below.
        :returns: at most 16 ranges; none while enough is pending there, or nothing is left.
        """
        asked = self._holders[holder]
        chosen = self._rushed(asked, now) if self._urgent.awaited else []
        room = asked.room - len(chosen)
        if asked.pending and room <= 0 and not chosen:
            # The common case: after most chunks there is no room yet.
            return ()
        chosen += self._choose(asked, room)
        if not asked.pending and self._first_unasked() is None and not chosen:
            chosen = pending_at_slower(self._holders.values(), asked, now)
        for index in chosen:
            asked.asked(index, now)
        return tuple(ranges(sorted(chosen, key=self._urgent.turn)))

    def prefer(self, holder: PeerName) -> tuple[Range, ...]:
        """Choose what a holder is to send before all else that it owes, if it is to be told now."""
        asked = self._holders[holder]
        urgent = self._urgent.among(asked.pending)
        is_to_tell = self._urgent.awaited and asked.reorders and asked.prefer(urgent)
        return tuple(ranges(urgent)) if is_to_tell else ()

    def is_asked(self, holder: PeerName, index: int) -> bool:
        """Return whether a holder was asked for a chunk that it has not delivered."""
        asked = self._holders.get(holder)
        return asked is not None and (index in asked.pending or index in asked.superseded)

    def has_pending(self, holder: PeerName) -> bool:
        """Return whether a chunk is pending at a holder."""
        return holder in self._holders and bool(self._holders[holder].pending)

    def is_worth_telling(self, holder: PeerName) -> bool:
        """Return whether to tell a holder what is verified: it sends too much, or chooses by it."""
        told = self._holders[holder]
        return (told.has is not None and not told.downloads) or bool(told.superseded)

    def is_verified(self, index: int) -> bool:
        """Return whether a chunk is verified."""
        return self._verified[index] == 1

    def moved(self, holder: PeerName, count: int, now: float) -> None:
        """Record that a holder has sent some bytes of a chunk."""
        if holder in self._holders:
            self._holders[holder].moved(count, now)

    def delivered(self, holder: PeerName, index: int, now: float) -> None:
        """Record that a holder has delivered a chunk, which is verified."""
        # The holder may have been removed since it was asked.
        if holder in self._holders:
            delivering = self._holders[holder]
            if delivering.is_snubbed:
                delivering.is_snubbed = False
                for pending in delivering.pending:
                    self._unasked[pending] = 0
            delivering.delivered(index, chunk_length(self.size, index), now)
        self.verified(index)

    def verified(self, index: int) -> None:
        """Record that a chunk is verified, wherever it came from; twice does no harm."""
        if self._verified[index]:
            return
        self._verified[index] = 1
        self._unasked[index] = 0
        self.received += chunk_length(self.size, index)
        for holder in self._holders.values():
            holder.supersede(index)

    def snub_stalling(self, now: float, excused: Container[PeerName] = ()) -> bool:
        """
        Snub stalling holders: what is pending there can be requested from others.

        :param excused: holders that are not; it is something else that they wait for.
        :returns: whether a holder was snubbed by this call.
        """
        stalling = [
            holder
            for name, holder in self._holders.items()
            if holder.is_stalling(now) and name not in excused
        ]
        for holder in stalling:
            holder.is_snubbed = True
            for index in holder.pending:
                self._put_back(index)
        return bool(stalling)

    def ranges_verified(self) -> Iterator[Range]:
        """Return the ranges that are verified."""
        return runs(self._verified, 1, (0, self._chunks))

    # How it works

    def _choose(self, holder: Holder, count: int) -> Iterator[int]:
        for _ in range(count):
            index = self._next(holder)
            if index is None:
                return
            self._unasked[index] = 0
            yield index

    def _next(self, holder: Holder) -> int | None:
        """Choose an urgent chunk that a holder has, or the rarest of a few; unasked ones."""
        urgent = next(self._urgent_at(holder), None)
        if urgent is not None:
            return urgent
        if holder.has is not None:
            some = self._some_announced(holder)
        elif any(other.has is not None for other in self._holders.values()):
            some = self._some_unasked()
        else:
            return self._first_unasked()
        return self._rarest(some)

    def _rushed(self, holder: Holder, now: float) -> list[int]:
        """Choose what is urgent of a holder that sends it first, even if much is pending there."""
        if not holder.reorders or holder.is_snubbed:
            return []
        missing = filterfalse(self.is_verified, self._urgent.awaited)
        due = [each for each in missing if is_due(each, self._holders.values(), holder, now)]
        room = holder.room_beside(len(self._urgent.among(holder.pending))) - len(due)
        chosen = [*due, *islice(self._urgent_at(holder), max(0, room))][: holder.spare]
        for index in chosen:
            self._unasked[index] = 0
        return chosen

    def _urgent_at(self, holder: Holder) -> Iterator[int]:
        # What is awaited of those that send it first was chosen before: others may be faster.
        awaited = self._urgent.awaited if holder.reorders else ()
        for within in self._urgent.ranges:
            for first, count in runs(self._unasked, 1, within):
                chunks = filter(holder.may_have, range(first, first + count))
                yield from (index for index in chunks if index not in awaited)

    def _first_unasked(self) -> int | None:
        index = self._unasked.find(1, self._first)
        self._first = index if index >= 0 else self._chunks
        return index if index >= 0 else None

    def _some_unasked(self) -> Iterator[int]:
        if (first := self._first_unasked()) is None:
            return
        for _ in range(_COMPARED):
            index = self._unasked.find(1, self._rng.randrange(first, self._chunks))
            yield index if index >= 0 else first

    def _some_announced(self, holder: Holder) -> Iterator[int]:
        candidates = holder.candidates
        found = 0
        while candidates and found < _COMPARED:
            # Python's randrange() takes five calls.
            place = int(self._rng.random() * len(candidates))
            index = candidates[place]
            if self._unasked[index]:
                found += 1
                yield index
            else:
                # Each stale candidate is removed once, so this is cheap in total.
                candidates[place] = candidates[-1]
                candidates.pop()

    def _rarest(self, some: Iterable[int]) -> int | None:
        """Choose the chunk that fewest have announced; the first of those."""
        had = [holder.has for holder in self._holders.values() if holder.has is not None]
        return min(some, key=lambda index: sum(map(itemgetter(index), had)), default=None)

    def _cancel_pending(self, holder: Holder) -> None:
        pending = list(holder.pending)
        holder.pending.clear()
        holder.superseded.update(pending)
        for index in pending:
            self._put_back(index)

    def _put_back(self, index: int) -> None:
        """Make a chunk unasked again, unless it is pending at a holder that is not snubbed."""
        for holder in self._holders.values():
            if index in holder.pending and not holder.is_snubbed:
                return
        self._unasked[index] = 1
        self._first = min(self._first, index)
        for holder in self._holders.values():
            if holder.has is not None and holder.has[index]:
                holder.candidates.append(index)
