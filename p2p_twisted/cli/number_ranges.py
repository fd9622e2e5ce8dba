"""Read the numbers of downloads, or of rows of a list, as they are typed."""

import argparse
from typing import Final

_ALL: Final = "all"
_MOST_NUMBERS: Final = 10_000


def numbers_in(typed: str) -> range:
    """Read a number, a range, or ``all``, for which the empty range stands."""
    if typed.lower() == _ALL:
        return range(0)
    first, dash, last = typed.partition("-")
    ends = (first, last if dash else first)
    if not all(end.isascii() and end.isdigit() and len(end) < 10 for end in ends):
        raise argparse.ArgumentTypeError(f"{typed!r} is not a number")
    numbers = range(int(ends[0]), int(ends[1]) + 1)
    if not 0 < len(numbers) <= _MOST_NUMBERS:
        raise argparse.ArgumentTypeError(f"{typed!r} is no range of numbers, such as 1-3")
    return numbers
