"""Read which bytes of some content a request asks for (RFC 9110, section 14)."""

import re
from typing import Final

_ONE_RANGE: Final = re.compile(r"bytes=([0-9]{0,999})-([0-9]{0,999})\Z", re.IGNORECASE)


class Unsatisfiable(Exception):
    """Nothing of the content is in the range that is asked for."""


def read_range(header: str, size: int) -> range | None:
    """
    Read a ``Range``.

    :param size: of the content, in bytes.
    :returns: the bytes that it means; ``None`` for all, as for what is not understood and for
        several ranges, which a server may leave aside.
    :raises Unsatisfiable: when there are none of these.
    """
    if (match := _ONE_RANGE.match(header)) is None:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        if not size and int(last):
            return None
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise Unsatisfiable
    return range(start, stop)
