"""How an asker tells that the answers of some peers are those of all."""

import hashlib
from functools import reduce
from operator import xor
from typing import Final

from p2p_twisted.wire.names import PeerName

_MARKS: Final = 48
_MARKS_PER_LINK: Final = 3
_PEERS_PER_CHANGE: Final = 500
_CHANGES_MOST: Final = 4


def mark(one: PeerName, other: PeerName) -> int:
    """Choose three of 48 bits for a link, the same at both its ends."""
    ends = " ".join(sorted((one, other))).encode()
    digest = hashlib.blake2b(ends, digest_size=_MARKS_PER_LINK).digest()
    return reduce(xor, (1 << byte % _MARKS for byte in digest))


def is_whole(ends: int, answered: int) -> bool:
    """
    Tell whether the ends of links that are left over are few enough.

    In a large network some link always begins or ends while a question is under
    way, and only one of its ends tells of it.
    """
    changes = min(answered // _PEERS_PER_CHANGE, _CHANGES_MOST)
    return ends.bit_count() <= _MARKS_PER_LINK * changes
