"""Read numbers as people type them, and write numbers and lists so that people read them easily."""

from collections.abc import Sequence
from typing import Final

_DIGITS_MOST: Final = 20
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
DAY_SECONDS: Final = 86_400
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": DAY_SECONDS}


def whole_number(text: str, among: range) -> int | None:
    """
    Read a whole number in decimal digits; ``None`` for anything else, or what is not in a range.

    Python itself reads digits of every script, and raises where there are thousands.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST):
        return None
    number = int(text)
    return number if number in among else None


def read_time(typed: str, most_days: int) -> int:
    """
    Read a time such as ``2h``, and return it in seconds.

    :raises ValueError: for what is none, or longer than so many days; the text says what would do.
    """
    most = most_days * DAY_SECONDS
    unit = _SECONDS.get(typed[-1:], 0)
    seconds = (whole_number(typed[:-1], range(most + 1)) or 0) * unit
    if not 0 < seconds <= most:
        raise ValueError(f"{typed!r} is not a time from 1s to {most_days}d, such as 30m or 2h")
    return seconds


def human_size(size: float) -> str:
    """Write a number of bytes: ``1.2 GiB``."""
    unit = 0
    # A size that would be rounded to 1024 belongs to the next unit.
    while size >= 1023.95 and unit < len(_UNITS) - 1:
        size /= 1024
        unit += 1
    return f"{size:.0f} B" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"


def human_time(seconds: float) -> str:
    """Write a duration: ``0.04 s``, ``10.9 s``, ``4:05``, ``2:00:07``."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    return f"{seconds:.1f} s" if seconds < 60 else clock_time(seconds)


def clock_time(seconds: float) -> str:
    """Write a duration to the second: ``0:07``, ``4:05``, ``2:00:07``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def count(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 peer``, ``7 peers``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def and_more(named: Sequence[str], total: int, between: str = ", ") -> str:
    """List some of so many: ``s1, s2 and 7 more``."""
    more = total - len(named)
    return f"{between.join(named)} and {more:,} more" if more > 0 else between.join(named)
