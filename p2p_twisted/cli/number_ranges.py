"""Read the numbers that verbs take, as they are typed."""

import argparse
from collections.abc import Callable
from typing import Final

from p2p_twisted.api.limits import WORDS_AT_ONCE
from p2p_twisted.runtime.amounts import whole_number

_ALL: Final = "all"
_NUMBERS: Final = range(10**9)


class TooManyNumbers(argparse.ArgumentTypeError):
    """A range is longer than one command may name."""


def number_from(
    least: int, most: int, what: str = "a number", unit: str = ""
) -> Callable[[str], int]:
    """Make what reads a whole number within bounds for a parser; the unit may be left out."""

    def read(typed: str) -> int:
        number = whole_number(typed.removesuffix(unit), range(least, most + 1))
        if number is None:
            bounds = f"from {least:,}{unit} to {most:,}{unit}"
            raise argparse.ArgumentTypeError(f"{typed!r} is not {what} {bounds}")
        return number

    return read


def numbers_in(typed: str) -> range:
    """
    Read a number, a range, or ``all``, for which the empty range stands.

    :raises TooManyNumbers: when it is a longer range than one command may name.
    :raises argparse.ArgumentTypeError: when it is none of these.
    """
    if typed.lower() == _ALL:
        return range(0)
    first, dash, last = typed.partition("-")
    least = whole_number(first, _NUMBERS)
    most = whole_number(last, _NUMBERS) if dash else least
    if least is None or most is None:
        raise argparse.ArgumentTypeError(f"{typed!r} is not a number")
    numbers = range(least, most + 1)
    if not numbers:
        raise argparse.ArgumentTypeError(f"{typed!r} is no range of numbers, such as 1-3")
    if len(numbers) > WORDS_AT_ONCE:
        raise TooManyNumbers(
            f"{typed} is {len(numbers):,} numbers: name at most {WORDS_AT_ONCE:,} at once"
        )
    return numbers
