"""Parse the arguments of the verbs by which an admin of a private network invites and revokes."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any, Final

from p2p_twisted.trust.limits import INVITE_DAYS, INVITE_USES


def up_to(most: int) -> Callable[[str], int]:
    """Return what reads a number, up to some other one."""

    def read(typed: str) -> int:
        if not (typed.isascii() and typed.isdigit() and len(typed) < 20 and int(typed) <= most):
            raise argparse.ArgumentTypeError(f"{typed!r} is not a number from 0 to {most:,}")
        return int(typed)

    return read


def _seconds(typed: str) -> int:
    number, unit = typed[:-1], _UNITS.get(typed[-1:])
    seconds = int(number) * unit if unit and number.isdecimal() and len(number) < 9 else 0
    if not 0 < seconds <= INVITE_DAYS * 86_400:
        raise argparse.ArgumentTypeError(
            f"{typed!r} is no time such as 30m, 2h or 7d, of at most {INVITE_DAYS}d"
        )
    return seconds


_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400}

ADMIN_VERBS: Final[Mapping[str, tuple[str, Any]]] = {
    "invite": (
        "invite somebody to a private network; for admins",
        (
            (
                ("--uses",),
                {
                    "metavar": "N",
                    "type": up_to(INVITE_USES),
                    "default": 1,
                    "help": "how many peers it lets in (default: 1)",
                },
            ),
            (
                ("--for",),
                {
                    "metavar": "TIME",
                    "dest": "seconds",
                    "type": _seconds,
                    "default": 86_400,
                    "help": "for how long: 30m, 2h or 7d (default: 24h)",
                },
            ),
            (("--admin",), {"action": "store_true", "help": "they may do what admins may"}),
            (
                ("--group",),
                {
                    "metavar": "NAME",
                    "dest": "groups",
                    "action": "append",
                    "default": [],
                    "help": "a group that they are in; may be repeated",
                },
            ),
        ),
    ),
    "revoke": (
        "have no certificate of a peer count any more; for admins",
        ((("name",), {"metavar": "NAME", "help": "whose"}),),
    ),
}
