"""Parse the arguments of the verbs by which files are handed to others."""

from collections.abc import Mapping
from typing import Any, Final

from p2p_twisted.cli.admin_options import read_by, time_of_at_most
from p2p_twisted.cli.number_ranges import numbers_in
from p2p_twisted.offers.limits import OFFER_DAYS


def _audience(typed: str) -> list[str]:
    # What knows names takes long to import.
    from p2p_twisted.console.push_arguments import read_audience

    return read_audience(typed)


def _place(typed: str) -> str:
    from p2p_twisted.console.push_arguments import read_place

    return read_place(typed)


def _offers(nargs: str, text: str) -> Any:
    return (
        (("offers",), {"metavar": "N", "nargs": nargs, "type": numbers_in, "help": text}),
    )  # fmt: skip


_WAIT: Final = (
    (
        ("--wait",),
        {
            "action": "store_true",
            "help": "show how it goes until all that are there have it: exit status 0, and 10 if"
            " some have not got it",
        },
    ),
    (
        ("--timeout",),
        {
            "metavar": "TIME",
            "type": time_of_at_most(OFFER_DAYS),
            "help": "wait no longer than that, such as 90s or 10m: exit status 6 then",
        },
    ),
)

PUSH_VERBS: Final[Mapping[str, tuple[str, Any]]] = {
    "push": (
        "give files and folders to others, who help each other to get them",
        (
            (
                ("paths",),
                {
                    "metavar": "PATH",
                    "nargs": "+",
                    "help": "what to give: what the peer does not share yet is shared first, as by"
                    " p2p share; or the name or id of what it shares",
                },
            ),
            (
                ("--to",),
                {
                    "metavar": "WHOM",
                    "type": read_by(_audience),
                    "action": "extend",
                    "required": True,
                    "help": "peers, such as anna,ben; @lab for a group of a private network, @all"
                    " for everybody; may be repeated",
                },
            ),
            (
                ("--for",),
                {
                    "metavar": "TIME",
                    "dest": "seconds",
                    "type": time_of_at_most(OFFER_DAYS),
                    "help": "for how long others hear of it that come later: 30m, 2h or 7d"
                    " (default: 7d)",
                },
            ),
            (
                ("--into",),
                {
                    "metavar": "FOLDER",
                    "type": read_by(_place),
                    "help": "the folder in which it lands there, below where pushes land",
                },
            ),
            *_WAIT,
        ),
    ),
    "pushes": (
        "list what was pushed, by this peer and to it, or show how some of it goes",
        (*_offers("*", "which to look at; all are listed by default"), *_WAIT),
    ),
    "unpush": ("end pushes: whoever has not begun to get it does not", _offers("+", "which")),
    "accept": ("get what was pushed to this peer", _offers("+", "which: see p2p pushes")),
    "refuse": (
        "do not get what was pushed to this peer, or give it to nobody if it is here",
        _offers("+", "which: see p2p pushes"),
    ),
}
"""The verbs by which files are handed to others."""
