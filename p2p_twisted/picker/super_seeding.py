"""Decide which chunks a holder reveals to whom, while it cannot send as fast as it is asked."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from p2p_twisted.picker.ranges import Range

if TYPE_CHECKING:
    from random import Random

_RARE_AHEAD: Final = 2
_COMPARED: Final = 8
_MANY: Final = 255

Requester = TypeVar("Requester")


class _Requester:
    """One who wants all, and is told of some at a time."""

    def __init__(self, chunks: int) -> None:
        # A byte for each chunk: 1 for what it has, and what it neither has nor was told of.
        self.has = bytearray(chunks)
        self.lacks = bytearray(b"\1") * chunks
        # What it was told of, and has not been sent to the end.
        self.revealed: set[int] = set()
        self.is_slow = False
        self.sent = 0


class SuperSeeder(Generic[Requester]):
    """
    Lets every chunk leave once before any leaves twice: super-seeding (BEP 16).

    Each requester is told of chunks that no other one has, and gets the rest from the
    others. Few are on their way at a time, so that each is soon there to be passed on.
    What requesters announce tells what has spread; one that lies about it can only keep
    itself from being told of more. When all have left, those that fewest have are
    revealed, so that nobody starves whom the others do not serve.
    """

    def __init__(self, chunks: int, rng: "Random") -> None:
        self._chunks = chunks
        self._rng = rng
        # 1 for chunks that nobody has, or was told of; none before the first.
        self._new = bytearray(b"\1") * chunks
        self._first = 0
        # How many requesters have each, or were sent it.
        self._copies = bytearray(chunks)
        self._requesters: dict[Requester, _Requester] = {}

    def add(self, requester: Requester) -> None:
        """Take note of one more."""
        self._requesters[requester] = _Requester(self._chunks)

    def remove(self, requester: Requester) -> None:
        """Take note that one is gone; what it was not sent yet is new again."""
        self._renew(self._requesters.pop(requester))

    def has(self, requester: Requester, chunks: Iterable[Range]) -> None:
        """Take note of what a requester has, from whomever."""
        having = self._requesters[requester]
        for first, count in chunks:
            for index in range(first, first + count):
                self._gets(having, index)

    def sent(self, requester: Requester, index: int) -> None:
        """Take note that a chunk has left for a requester."""
        told = self._requesters[requester]
        told.is_slow = False
        told.sent += 1
        self._gets(told, index)

    def overdue(self, requester: Requester) -> None:
        """Do not wait any longer until a requester asks for what it was told of, if anything."""
        told = self._requesters[requester]
        if told.revealed:
            told.is_slow = True
            self._renew(told)

    def reveal(self, ahead: int) -> Iterator[tuple[Requester, int]]:
        """
        Choose who is told of what now.

        :param ahead: how many new chunks may be on their way.
        :returns: chunks, and whom to tell of them.
        """
        on_their_way = sum(
            len(each.revealed) for each in self._requesters.values() if not each.is_slow
        )
        for _ in range(on_their_way, ahead if self._requesters else 0):
            index = self._first_new()
            if index is None:
                yield from self._reveal_rare()
                return
            requester, told = min(self._requesters.items(), key=_has_least)
            self._new[index] = 0
            yield requester, self._told(told, index)

    def _reveal_rare(self) -> Iterator[tuple[Requester, int]]:
        for requester, told in self._requesters.items():
            while len(told.revealed) < _RARE_AHEAD:
                index = self._rarest(told)
                if index is None:
                    break
                yield requester, self._told(told, index)

    def _renew(self, requester: _Requester) -> None:
        """Let others be told of what a requester was told of, and has not been sent."""
        for index in requester.revealed:
            if not self._copies[index]:
                self._new[index] = 1
                self._first = min(self._first, index)
        requester.revealed.clear()

    def _told(self, requester: _Requester, index: int) -> int:
        requester.lacks[index] = 0
        requester.revealed.add(index)
        return index

    def _gets(self, requester: _Requester, index: int) -> None:
        if not requester.has[index]:
            requester.has[index] = 1
            self._copies[index] = min(self._copies[index] + 1, _MANY)
        requester.lacks[index] = self._new[index] = 0
        requester.revealed.discard(index)

    def _first_new(self) -> int | None:
        index = self._new.find(1, self._first)
        self._first = index if index >= 0 else self._chunks
        return index if index >= 0 else None

    def _rarest(self, requester: _Requester) -> int | None:
        """Choose, of some that a requester lacks, the one that fewest have."""
        lacks = requester.lacks
        some = {lacks.find(1, self._rng.randrange(self._chunks)) for _ in range(_COMPARED)}
        some.add(lacks.find(1))
        some.discard(-1)
        return min(some, key=self._copies.__getitem__, default=None)


def _has_least(one: tuple[object, _Requester]) -> tuple[bool, int, int]:
    told = one[1]
    return told.is_slow, len(told.revealed), told.sent
