"""Read how people say for how many an invite is, for how long, and how long ago something was."""

from typing import Final

from p2p_twisted.runtime.amounts import whole_number
from p2p_twisted.trust.limits import INVITE_DAYS, INVITE_USES, ISSUER_REVOKED_SINCE_DAYS

USUAL_USES: Final = 1
USUAL_SECONDS: Final = 86_400

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def read_uses(typed: str) -> int:
    """
    Read how many somebody lets in.

    :raises ValueError: for all but a number from 1 to 1,000; the text says so.
    """
    uses = whole_number(typed, range(1, INVITE_USES + 1))
    if uses is None:
        raise ValueError(f"{typed!r} is not a number from 1 to {INVITE_USES:,}")
    return uses


def read_time(typed: str) -> int:
    """
    Read a time such as ``2h``, and return it in seconds.

    :raises ValueError: for what is none, or longer than 30 days; the text says what would do.
    """
    return _read_seconds(typed, INVITE_DAYS)


def read_since(typed: str) -> int:
    """
    Read how long ago a registry was stolen, likewise.

    :raises ValueError: for what is no time, or longer ago than 60 days.
    """
    return _read_seconds(typed, ISSUER_REVOKED_SINCE_DAYS)


def _read_seconds(typed: str, most_days: int) -> int:
    number, unit = typed[:-1], _UNITS.get(typed[-1:])
    most = most_days * 86_400
    seconds = (whole_number(number, range(most + 1)) or 0) * (unit or 0)
    if not 0 < seconds <= most:
        raise ValueError(f"{typed!r} is no time such as 30m, 2h or 7d, of at most {most_days}d")
    return seconds
