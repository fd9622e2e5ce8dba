"""Parse the arguments of the verbs that talk to a running peer."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from p2p_twisted.cli.admin_options import ADMIN_VERBS
from p2p_twisted.cli.link_options import LINK_VERBS
from p2p_twisted.cli.number_ranges import number_from, numbers_in
from p2p_twisted.cli.option_actions import joined_by
from p2p_twisted.cli.push_options import PUSH_VERBS


def talk_verbs() -> Iterable[str]:
    """List the verbs."""
    return _VERBS


def add_talk(verb: str, verbs: Any) -> None:
    """Add one of the verbs."""
    text, arguments = _VERBS[verb]
    added = verbs.add_parser(verb, help=text, description=f"{text[0].upper()}{text[1:]}.")
    add_shared(added)
    for names, settings in arguments:
        added.add_argument(*names, **settings)
    added.set_defaults(run=_run, verb_name=verb)


def add_shared(parser: argparse.ArgumentParser) -> None:
    """Add the options that may stand before and after the verb."""
    parser.add_argument(
        "--peer",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="the running peer that is meant, where several run; or set P2P_PEER",
    )
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="answer in JSON"
    )


def _run(options: argparse.Namespace) -> int:
    from p2p_twisted.cli import talk

    return talk.talk(options)


def take_behind(options: argparse.Namespace, behind: Sequence[str]) -> bool:
    """
    Take what stands behind options for further names.

    :returns: whether that is what it is, and the verb takes many.
    """
    is_names = all(word == "-" or not word.startswith("-") for word in behind)
    if not is_names or not isinstance(names := getattr(options, "names", None), list):
        return False
    names += behind
    return True


def _text(typed: str) -> str:
    """Check that it is some text that peers can be asked for."""
    if not 1 <= len(typed) <= _LONGEST_TEXT:
        raise argparse.ArgumentTypeError(f"say what: a text of 1 to {_LONGEST_TEXT:,} characters")
    try:
        typed.encode()
    except UnicodeEncodeError:
        # The bytes of a name as some disks have it, which no peer shares.
        raise argparse.ArgumentTypeError("it is not UTF-8: type it as p2p ls shows it") from None
    return typed


_LONGEST_TEXT: Final = 1_024


def _some(nargs: str, text: str) -> tuple[tuple[str, ...], dict[str, Any]]:
    return ("numbers",), {"metavar": "N", "nargs": nargs, "type": numbers_in, "help": text}


_Arguments = tuple[tuple[tuple[str, ...], dict[str, Any]], ...]

_WITHOUT_A_PEER: Final[_Arguments] = (
    (
        ("--registry",),
        {
            "metavar": "HOST:PORT",
            "action": joined_by(","),
            "help": "do so without a running peer: one that shares nothing is started for it in"
            " the network of this registry, and ends with it",
        },
    ),
    (
        ("--network",),
        {"metavar": "NAME", "help": "with --registry: the network's name (default: default)"},
    ),
    (
        ("--state",),
        {
            "metavar": "DIR",
            "help": "likewise, as that member of a private network whose own files are there, as"
            " in anna/.p2p, while it does not run",
        },
    ),
    (
        ("--insecure-lan",),
        {
            "action": "store_true",
            "help": "with --registry on another machine: talk to other machines, though nothing"
            " is encrypted",
        },
    ),
)


def _of_registry(text: str) -> _Arguments:
    whose = {"metavar": "NETWORK", "nargs": "?", "const": ""}
    return ((("--of-registry",), {**whose, "help": f"{text}; say whose, where several run"}),)


_OF_REGISTRY: Final = _of_registry("that of a registry instead")
_BY_REGISTRY: Final = _of_registry("have the registry of a private network do it, on its machine")

_VERBS: Final[Mapping[str, tuple[str, _Arguments]]] = {
    "status": ("show a running peer at a glance", ()),
    "console": ("attach this terminal to a running peer, as one of its consoles", ()),
    "peers": ("list the peers of the network", ()),
    "doctor": ("look for what keeps a peer, or one to be started, from working", _WITHOUT_A_PEER),
    "topo": (
        "show who is linked with whom",
        (
            (("--dot",), {"action": "store_true", "help": "as a graph for Graphviz"}),
            (("--mermaid",), {"action": "store_true", "help": "as a graph for Mermaid"}),
        ),
    ),
    "find": (
        "search all peers",
        (
            (
                ("text",),
                {
                    "metavar": "TEXT",
                    "type": _text,
                    "help": "part of a name, or a pattern such as '*.txt'",
                },
            ),
            *_WITHOUT_A_PEER,
        ),
    ),
    "ls": (
        "list what a peer shares",
        ((("of",), {"metavar": "PEER", "nargs": "?", "help": "whose files; its own by default"}),),
    ),
    "get": (
        "download files and folders, and wait for them",
        (
            (
                ("names",),
                {
                    "metavar": "NAME",
                    "nargs": "+",
                    "type": _text,
                    "help": "a name, a pattern, an id, or numbers of the last list, such as 1 3-5;"
                    " or -, behind the others: see --to",
                },
            ),
            (
                ("--to",),
                {
                    "metavar": "DIR",
                    "help": "where to put it, or - for standard output; by default where the"
                    " peer's downloads land, and with --registry here",
                },
            ),
            (
                ("--from",),
                {"metavar": "PEER", "dest": "holder", "help": "the only holder that counts"},
            ),
            (
                ("--detach",),
                {"action": "store_true", "help": "do not wait: the peer goes on by itself"},
            ),
            *_WITHOUT_A_PEER,
        ),
    ),
    "transfers": ("list downloads and uploads", ()),
    "explain": (
        "say what limits a download, or how a search went",
        (
            (
                ("what",),
                {
                    "metavar": "N|NAME",
                    "nargs": "?",
                    "type": _text,
                    "help": "the number or the name of a download, or what was searched for; by"
                    " default what was begun last",
                },
            ),
        ),
    ),
    "pause": ("pause downloads", (_some("*", "which, such as 1 3-5; all by default"),)),
    "resume": ("go on with paused downloads", (_some("*", "which; all by default"),)),
    "cancel": ("give downloads up", (_some("+", "which, such as 1 3-5, or all"),)),
    "limit": (
        "show or set the most that is sent and received",
        (
            (("way",), {"nargs": "?", "choices": ("up", "down"), "help": "what to limit"}),
            (("rate",), {"nargs": "?", "metavar": "RATE", "help": "10M, 1.5M, 500K, or off"}),
        ),
    ),
    "share": (
        "share copies of files and folders",
        (
            (("paths",), {"metavar": "PATH", "nargs": "+", "help": "what to copy to the peer"}),
            (("--as",), {"metavar": "NAME", "dest": "as_name", "help": "its name there"}),
        ),
    ),
    "unshare": (
        "share files and folders of the peer no more",
        (
            (
                ("names",),
                {"metavar": "NAME", "nargs": "+", "type": _text, "help": "as p2p ls lists it"},
            ),
        ),
    ),
    **PUSH_VERBS,
    **LINK_VERBS,
    "events": (
        "show what happens, as it happens",
        (
            (
                ("--after",),
                {
                    "metavar": "N",
                    "type": number_from(0, 2**62),
                    "help": "from the event behind this number on",
                },
            ),
            (
                ("--save",),
                {"metavar": "FILE", "help": "record it in a new file instead, for p2p replay"},
            ),
            (
                ("--from",),
                {"metavar": "FILE", "dest": "source", "help": "what a recording tells"},
            ),
            (
                ("--anonymous",),
                {
                    "action": "store_true",
                    "help": "with other names of peers, files and networks, and other addresses",
                },
            ),
            *_OF_REGISTRY,
        ),
    ),
    "log": (
        "show the last lines of the log",
        (
            (
                ("--lines",),
                {
                    "metavar": "N",
                    "type": number_from(0, 1_000),
                    "default": 100,
                    "help": "how many, up to 1,000 (default: 100)",
                },
            ),
            (("--follow",), {"action": "store_true", "help": "go on with what comes"}),
            *_OF_REGISTRY,
        ),
    ),
    "web": (
        "open the page of a running peer in the browser",
        (
            (
                ("--url",),
                {
                    "action": "store_true",
                    "help": "write its address, which lets one browser in, within a minute",
                },
            ),
            *_OF_REGISTRY,
        ),
    ),
    "ready": ("find out whether the daemons that run are ready: exit status 0", ()),
    "leave": ("have the peer leave the network, and end", ()),
    "stop": ("stop every peer of the network", _BY_REGISTRY),
    **{verb: (text, (*options, *_BY_REGISTRY)) for verb, (text, options) in ADMIN_VERBS.items()},
}
