"""Parse the arguments of the verbs by which an admin says who is in a private network."""

import argparse
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from p2p_twisted.cli.option_actions import Once
from p2p_twisted.runtime.amounts import read_time
from p2p_twisted.trust.invite_terms import USUAL_SECONDS, USUAL_USES, read_uses
from p2p_twisted.trust.limits import INVITE_DAYS, ISSUER_REVOKED_SINCE_DAYS

T = TypeVar("T")


def read_by(read: Callable[[str], T]) -> Callable[[str], T]:
    """Have a parser tell what a reader says of what it cannot read."""

    def tell(typed: str) -> T:
        try:
            return read(typed)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return tell


def time_of_at_most(days: int) -> Callable[[str], int]:
    """Make what reads a time such as ``2h``, in seconds, for a parser."""
    return read_by(lambda typed: read_time(typed, days))


ADMIN_VERBS: Final[Mapping[str, tuple[str, Any]]] = {
    "invite": (
        "invite somebody to a private network; for admins",
        (
            (
                ("--uses",),
                {
                    "metavar": "N",
                    "type": read_by(read_uses),
                    "default": USUAL_USES,
                    "help": "how many peers it lets in (default: 1)",
                },
            ),
            (
                ("--for",),
                {
                    "metavar": "TIME",
                    "dest": "seconds",
                    "type": time_of_at_most(INVITE_DAYS),
                    "default": USUAL_SECONDS,
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
            (
                ("--for-registry",),
                {"action": "store_true", "help": "they are registries; with --of-registry"},
            ),
            (("--qr",), {"action": "store_true", "help": "draw it as a QR code, too"}),
        ),
    ),
    "invites": ("list the invites to a private network that are open; for admins", ()),
    "revoke": (
        "put a peer out of a private network, take an invite back, or have a registry that was"
        " stolen count no more; for admins, and who has the root's key",
        (
            (
                ("name",),
                {
                    "metavar": "MEMBER",
                    "nargs": "?",
                    "help": "whose certificates are not to count any more",
                },
            ),
            (
                ("--anyway",),
                {"action": "store_true", "help": "though no such member, or registry, is known"},
            ),
            (
                ("--invite",),
                {
                    "metavar": "INVITE",
                    "action": Once,
                    "help": "let nobody in any more by the invite of this id, or code",
                },
            ),
            (
                ("--registry",),
                {
                    "metavar": "ID",
                    "dest": "issuer",
                    "action": Once,
                    "help": "a registry that was stolen: believe nothing any more that it has"
                    " certified; p2p members shows its id; with --root-key",
                },
            ),
            (
                ("--root-key",),
                {"metavar": "FILE", "help": "the key of the network's root, which may say that"},
            ),
            (
                ("--since",),
                {
                    "metavar": "TIME",
                    "type": time_of_at_most(ISSUER_REVOKED_SINCE_DAYS),
                    "default": 0,
                    "help": "how long ago it may have been stolen: 30m, 2h or 7d (default: now)",
                },
            ),
        ),
    ),
    "members": ("list who has a certificate of a private network; for admins", ()),
}
