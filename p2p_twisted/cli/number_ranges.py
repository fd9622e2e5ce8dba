"""Read the numbers of downloads, or of rows of a list, as they are typed."""

import argparse
from typing import Final

from p2p_twisted.api.limits import WORDS_AT_ONCE

_ALL: Final = "all"


class TooManyNumbers(argparse.ArgumentTypeError):
    """A range is longer than one command may name."""


def numbers_in(typed: str) -> range:
    """
    Read a number, a range, or ``all``, for which the empty range stands.

    :raises TooManyNumbers: when it is a longer range than one command may name.
    :raises argparse.ArgumentTypeError: when it is none of these.
    """
    if typed.lower() == _ALL:
        return range(0)
    first, dash, last = typed.partition("-")
    ends = (first, last if dash else first)
    if not all(end.isascii() and end.isdigit() and len(end) < 10 for end in ends):
        raise argparse.ArgumentTypeError(f"{typed!r} is not a number")
    numbers = range(int(ends[0]), int(ends[1]) + 1)
    if not numbers:
        raise argparse.ArgumentTypeError(f"{typed!r} is no range of numbers, such as 1-3")
    if len(numbers) > WORDS_AT_ONCE:
        raise TooManyNumbers(
            f"{typed} is {len(numbers):,} numbers: name at most {WORDS_AT_ONCE:,} at once"
        )
    return numbers
