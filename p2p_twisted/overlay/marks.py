"""How an asker tells that the answers of some peers are those of all."""

import hashlib
from collections import deque
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
class Ends:
    """
    The marks of one peer's links, all combined: as they are, and as they were of late.

    In a large network some link always begins or ends while a question is under way.
    What both of its ends can agree on is whether it was there when that was asked.
    """

    _present: int = 0
    # What they were, and until when.
    _past: "deque[tuple[float, int]]" = field(factory=lambda: deque(maxlen=_CHANGES_REMEMBERED))

    def change(self, of_link: int, since: float) -> None:
        """Add a link's mark, or take it away."""
        self._past.append((since, self._present))
        self._present ^= of_link
        while self._past[0][0] < since - ASK_SECONDS:
            self._past.popleft()

    def at(self, then: float) -> int:
        """Tell what they were at a moment of the last ten seconds."""
        return next((ends for until, ends in self._past if then < until), self._present)


def mark(one: PeerName, other: PeerName) -> int:
    """Choose three of 48 bits for a link, the same at both its ends."""
    ends = " ".join(sorted((one, other))).encode()
    digest = hashlib.blake2b(ends, digest_size=_MARKS_PER_LINK).digest()
    return reduce(xor, (1 << byte % _MARKS for byte in digest))


def is_whole(ends: int, answered: int) -> bool:
    """
    Tell whether the ends of links that are left over are few enough.

    In a large network a few links begin or end at the very moment that a question is
    asked, which nobody knows exactly: then only one of their ends tells of them.
    """
    changes = min(answered // _PEERS_PER_CHANGE, _CHANGES_MOST)
    return ends.bit_count() <= _MARKS_PER_LINK * changes
