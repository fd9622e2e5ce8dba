"""Say for how many an invite is, and for how long, where nobody says it; read for how many."""

from typing import Final

from p2p_twisted.runtime.amounts import DAY_SECONDS, whole_number
from p2p_twisted.trust.limits import INVITE_USES

USUAL_USES: Final = 1
USUAL_SECONDS: Final = DAY_SECONDS


def read_uses(typed: str) -> int:
    """
    Read how many somebody lets in.

    :raises ValueError: for all but a number from 1 to 1,000; the text says so.
    """
    uses = whole_number(typed, range(1, INVITE_USES + 1))
    if uses is None:
        raise ValueError(f"{typed!r} is not a number from 1 to {INVITE_USES:,}")
    return uses
