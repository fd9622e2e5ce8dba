"""Prove that the answers of some peers are those of all."""

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from functools import reduce
from operator import xor
from typing import Final

from attrs import define, field

from p2p_twisted.wire.limits import ASK_SECONDS
from p2p_twisted.wire.names import PeerName

_MARKS: Final = 48
_MARKS_PER_LINK: Final = 3
_PEERS_PER_CHANGE: Final = 500
_CHANGES_MOST: Final = 4
_CHANGES_REMEMBERED: Final = 64


@define
class LinkParity:
    """
    The marks of one peer's links, all combined: as they are, and as they were of late.

    In a large network some link always begins or ends while a query is under way. What
    both of its ends can agree on is whether it was there when the query was asked.
    """

    _present: int = 0
    # What they were, and until when, the oldest first.
    _past: "array[int]" = field(factory=lambda: array("Q"))
    _until: "array[float]" = field(factory=lambda: array("d"))

    def change(self, of_link: int, since: float) -> None:
        """Add a link's mark, or remove it, as of ``since``."""
        old = bisect_left(self._until, since - ASK_SECONDS)
        old = max(old, len(self._until) + 1 - _CHANGES_REMEMBERED)
        del self._past[:old], self._until[:old]
        self._past.append(self._present)
        self._until.append(max([since, *self._until[-1:]]))
        self._present ^= of_link

    def at(self, then: float) -> int:
        """Return what they were at a moment of the last ten seconds."""
        place = bisect_right(self._until, then)
        return self._past[place] if place < len(self._past) else self._present


def mark(one: PeerName, other: PeerName) -> int:
    """Choose three of 48 bits for a link, the same at both its ends."""
    ends = " ".join(sorted((one, other))).encode()
    digest = hashlib.blake2b(ends, digest_size=_MARKS_PER_LINK).digest()
    return reduce(xor, (1 << byte % _MARKS for byte in digest))


def are_as_many(answered: int, before: int) -> bool:
    """
    Return whether as many peers have answered as of late, when every link was asked.

    That has to do in a network so large that more links change at any moment than are forgiven:
    there, whether the ends that are left over are few says nothing. Some more may have come since,
    but so few that they do not make up for many that were left out.
    """
    is_large = before >= _PEERS_PER_CHANGE * _CHANGES_MOST
    return is_large and 0 <= answered - before <= before // _PEERS_PER_CHANGE


def is_whole(ends: int, answered: int) -> bool:
    """
    Return whether the ends of links that are left over are few enough.

    In a large network a few links begin or end at the very moment that a query is asked,
    which no peer knows exactly: then only one of their ends tells of them.
    """
    changes = min(answered // _PEERS_PER_CHANGE, _CHANGES_MOST)
    return ends.bit_count() <= _MARKS_PER_LINK * changes
