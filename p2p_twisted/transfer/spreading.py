"""Decide which chunks a holder reveals to whom, while it cannot send as fast as it is asked."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from p2p_twisted.transfer.ranges import Range

if TYPE_CHECKING:
    from random import Random

_REVEALED_AHEAD: Final = 2
_COMPARED: Final = 8
_MANY: Final = 255


class _Requester:
    """One who wants all, and is told of some at a time."""

    def __init__(self, chunks: int) -> None:
        # A byte for each chunk: 1 for what it does not have, and was not told of.
        self.lacks = bytearray(b"\1") * chunks
        self.revealed: set[int] = set()
        # None before this one is both new and lacking.
        self.first = 0


class Spreading:
    """
    Lets every chunk leave once before any leaves twice: super-seeding (BEP 16).

    Each requester is told of a few chunks that no other one has, and gets the rest from
    the others. What they announce tells what has spread; one that lies about it can
    only keep itself from being told of more. When all have left, those that fewest
    have are revealed, so that nobody starves whom the others do not serve.
    """

    def __init__(self, chunks: int, rng: "Random") -> None:
        self._chunks = chunks
        self._rng = rng
        # 1 for chunks that nobody has, or was told of.
        self._new = bytearray(b"\1") * chunks
        # How many requesters have each, or were sent it.
        self._copies = bytearray(chunks)
        self._requesters: dict[object, _Requester] = {}

    def add(self, requester: object) -> None:
        """Take note of one more."""
        self._requesters[requester] = _Requester(self._chunks)

    def remove(self, requester: object) -> None:
        """Take note that one is gone; what it was not sent yet is new again."""
        for index in self._requesters.pop(requester).revealed:
            if not self._copies[index]:
                self._new[index] = 1
                for other in self._requesters.values():
                    other.first = min(other.first, index)

    def has(self, requester: object, chunks: Iterable[Range]) -> None:
        """Take note of what a requester has, from whomever."""
        having = self._requesters[requester]
        for first, count in chunks:
            for index in range(first, first + count):
                self._gets(having, index)

    def sent(self, requester: object, index: int) -> None:
        """Take note that a chunk leaves for a requester."""
        self._gets(self._requesters[requester], index)

    def overdue(self, requester: object) -> None:
        """Do not wait any longer until a requester asks for what it was told of."""
        self._requesters[requester].revealed.clear()

    def reveal(self, requester: object) -> list[int]:
        """
        Choose what a requester is told of now.

        :returns: nothing, while there is enough that it may ask for.
        """
        told = self._requesters[requester]
        chosen = []
        while len(told.revealed) < _REVEALED_AHEAD:
            index = self._next_new(told)
            if index is None:
                index = self._rarest(told)
            if index is None:
                break
            self._new[index] = told.lacks[index] = 0
            told.revealed.add(index)
            chosen.append(index)
        return chosen

    def _gets(self, requester: _Requester, index: int) -> None:
        if requester.lacks[index] or index in requester.revealed:
            self._copies[index] = min(self._copies[index] + 1, _MANY)
        requester.lacks[index] = self._new[index] = 0
        requester.revealed.discard(index)

    def _next_new(self, requester: _Requester) -> int | None:
        index = self._new.find(1, requester.first)
        while index >= 0 and not requester.lacks[index]:
            index = self._new.find(1, index + 1)
        requester.first = index if index >= 0 else self._chunks
        return index if index >= 0 else None

    def _rarest(self, requester: _Requester) -> int | None:
        """Choose, of some that a requester lacks, the one that fewest have."""
        lacks = requester.lacks
        some = {lacks.find(1, self._rng.randrange(self._chunks)) for _ in range(_COMPARED)}
        some.add(lacks.find(1))
        some.discard(-1)
        return min(some, key=self._copies.__getitem__, default=None)
