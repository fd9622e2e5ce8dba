"""Decide which chunks a holder reveals to which requester while its uplink is the bottleneck."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from p2p_twisted.picker.ranges import Range

if TYPE_CHECKING:
    from random import Random

_RARE_AHEAD: Final = 2
_COMPARED: Final = 8
_KEPT: Final = 2
_MANY: Final = 255

Requester = TypeVar("Requester")


class _Requester:
    """A requester that wants every chunk, and is told of a few at a time."""

    def __init__(self, chunks: int) -> None:
        # A byte for each chunk: 1 if it has it; 1 if it neither has it nor was told of it.
        self.has = bytearray(chunks)
        self.lacks = bytearray(b"\1") * chunks
        # Chunks that it was told of, and that have not been sent completely.
        self.revealed: set[int] = set()
        self.is_slow = False
        self.sent = 0
        # How many chunks it alone has, of those that it was sent.
        self.kept = 0


class SuperSeeder(Generic[Requester]):
    """
    Sends every chunk once before any is sent twice: super-seeding (BEP 16).

    Each requester is told of chunks that no other one has, and gets the rest from other
    requesters. Few chunks are in flight at a time, so that each arrives soon and can be passed
    on; who has some of them alone is told of more after those who pass theirs on. What requesters
    announce shows what has spread; a requester that lies about it only keeps itself from being
    told of more. Once all chunks have been sent, the rarest are revealed, so that a requester that
    the others do not serve does not starve.
    """

    def __init__(self, chunks: int, rng: "Random") -> None:
        self._chunks = chunks
        self._rng = rng
        # 1 for chunks that no requester has or was told of; all are at or after _first.
        self._new = bytearray(b"\1") * chunks
        self._first = 0
        # How many requesters have each chunk, or were sent it; and who has it alone.
        self._copies = bytearray(chunks)
        self._alone: dict[int, _Requester] = {}
        self._requesters: dict[Requester, _Requester] = {}

    def add(self, requester: Requester) -> None:
        """Add a requester."""
        self._requesters[requester] = _Requester(self._chunks)

    def remove(self, requester: Requester) -> None:
        """Remove a requester; chunks that it was told of but not sent are new again."""
        gone = self._requesters.pop(requester)
        self._alone = {index: each for index, each in self._alone.items() if each is not gone}
        self._renew(gone)

    def has(self, requester: Requester, chunks: Iterable[Range]) -> None:
        """Record chunks that a requester has, from any source."""
        having = self._requesters[requester]
        for first, count in chunks:
            for index in range(first, first + count):
                self._gets(having, index)

    def sent(self, requester: Requester, index: int) -> None:
        """Record that a chunk has been sent to a requester."""
        told = self._requesters[requester]
        told.is_slow = False
        told.sent += 1
        if not self._copies[index]:
            self._alone[index] = told
            told.kept += 1
        self._gets(told, index)

    def overdue(self, requester: Requester) -> None:
        """Stop waiting for a requester to ask for the chunks it was told of, if any."""
        told = self._requesters[requester]
        if told.revealed:
            told.is_slow = True
            self._renew(told)

    def reveal(self, ahead: int) -> Iterator[tuple[Requester, int]]:
        """
        Choose which requesters are told of which chunks now.

        :param ahead: how many new chunks may be in flight.
        :returns: pairs of a requester and a chunk's index.
        """
        in_flight = sum(
            len(each.revealed) for each in self._requesters.values() if not each.is_slow
        )
        for _ in range(in_flight, ahead if self._requesters else 0):
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
        """Make the chunks that a requester was told of, but not sent, available to others."""
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
            if self._alone.get(index, requester) is not requester:
                self._alone.pop(index).kept -= 1
            requester.has[index] = 1
            self._copies[index] = min(self._copies[index] + 1, _MANY)
        requester.lacks[index] = self._new[index] = 0
        requester.revealed.discard(index)

    def _first_new(self) -> int | None:
        index = self._new.find(1, self._first)
        self._first = index if index >= 0 else self._chunks
        return index if index >= 0 else None

    def _rarest(self, requester: _Requester) -> int | None:
        """Choose the rarest of a few chunks that a requester lacks."""
        lacks = requester.lacks
        some = {lacks.find(1, self._rng.randrange(self._chunks)) for _ in range(_COMPARED)}
        some.add(lacks.find(1))
        some.discard(-1)
        return min(some, key=self._copies.__getitem__, default=None)


def _has_least(one: tuple[object, _Requester]) -> tuple[bool, int, bool, int]:
    told = one[1]
    return told.is_slow, len(told.revealed), told.kept > _KEPT, told.sent
