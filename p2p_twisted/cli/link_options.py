"""Parse the arguments of the verbs that make, list and end links to files."""

from collections.abc import Mapping
from typing import Any, Final

from p2p_twisted.cli.admin_options import time_of_at_most
from p2p_twisted.cli.number_ranges import number_from
from p2p_twisted.peer.limits import LINK_DAYS

_USUAL_SECONDS: Final = 3_600

LINK_VERBS: Final[Mapping[str, tuple[str, Any]]] = {
    "link": (
        "make a link to a file, for a phone or anybody else on the local network",
        (
            (("text",), {"metavar": "NAME", "help": "which file: a name, or an id"}),
            (
                ("--for",),
                {
                    "metavar": "TIME",
                    "dest": "seconds",
                    "type": time_of_at_most(LINK_DAYS),
                    "default": _USUAL_SECONDS,
                    "help": f"for how long: 30m, 2h, or {LINK_DAYS}d at most (default: 1h)",
                },
            ),
            (("--qr",), {"action": "store_true", "help": "draw it as a QR code, too"}),
        ),
    ),
    "links": ("list the links to files that are open", ()),
    "unlink": (
        "end a link to a file",
        (
            (
                ("number",),
                {"metavar": "N", "type": number_from(0, 10**9), "help": "which, as in p2p links"},
            ),
        ),
    ),
}
