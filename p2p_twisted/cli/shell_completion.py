"""Complete what is typed behind ``p2p`` in a shell: verbs, options, and names that a peer knows."""

import argparse
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from p2p_twisted.cli.peer_client import CommandFailed, PeerClient, find_peer

FILES: Final = ":files"
"""Stands for the shell's own completion of paths; no name begins with a colon."""

_ANSWER_SECONDS: Final = 1.0
_MOST: Final = 200
_PATHS: Final = ("FILE", "DIR", "PATH")

SCRIPTS: Final = {
    "bash": """\
_p2p() {
    local found each IFS=$'\\n'
    found=$(p2p complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=()
    if [ "$found" = ":files" ]; then
        compopt -o filenames
        COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
        return
    fi
    for each in $found; do COMPREPLY+=("$(printf %q "$each")"); done
}
complete -F _p2p p2p
""",
    "zsh": """\
#compdef p2p
_p2p() {
    local -a found
    found=("${(@f)$(p2p complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ $found[1] == ":files" ]]; then _files; elif [[ -n $found[1] ]]; then compadd -a found; fi
}
if [ "$funcstack[1]" = "_p2p" ]; then _p2p "$@"; else compdef _p2p p2p; fi
""",
    "fish": """\
function __p2p_complete
    set -l typed (commandline -opc)
    set -l found (p2p complete -- $typed[2..-1] (commandline -ct) 2>/dev/null)
    if test "$found" = ":files"
        __fish_complete_path (commandline -ct)
    else if set -q found[1]
        printf '%s\\n' $found
    end
end
complete -c p2p -f -a '(__p2p_complete)'
""",
}
"""What a shell has to be told once; it asks ``p2p complete`` then."""


def candidates(
    parser: argparse.ArgumentParser, words: Sequence[str], client: PeerClient | None
) -> list[str]:
    """
    List what the last word may become.

    :param words: all behind ``p2p`` as far as the cursor; the last one may be empty.
    :param client: asks a running peer for names.
    """
    # bash makes three words of --peer=s1, the other shells one.
    *before, current = [each for each in words if each != "="] or [""]
    if words and words[-1] == "=":
        before, current = [*before, current], ""
    option, equals, value = current.partition("=")
    start = f"{option}=" if equals and option.startswith("--") else ""
    if start:
        before, current = [*before, option], value
    found = _continuations(parser, before, current, client)
    fitting = [each for each in found if each == FILES or each.startswith(current)][:_MOST]
    return [each if each == FILES else f"{start}{each}" for each in fitting]


def _continuations(
    parser: argparse.ArgumentParser,
    before: Sequence[str],
    current: str,
    client: PeerClient | None,
) -> Iterator[str]:
    """List what may follow some words, whatever its beginning."""
    verb = next(_operands([parser], before), None)
    if verb is not None and verb not in _subparsers(parser).choices:
        verb = None
    chosen = parser if verb is None else _parser_of(parser, verb)
    option = _option([chosen], before[-1] if before else "")
    if option is not None and option.nargs != 0:
        yield from _values(option, current, client)
    elif current.startswith("-"):
        for action in chosen._actions:
            yield from (name for name in action.option_strings if name.startswith("--"))
    elif verb is None:
        yield from (each.dest for each in _subparsers(parser)._choices_actions)
    else:
        # The verb is the first.
        operand = _operand(chosen, len(list(_operands([chosen, parser], before))) - 1)
        if operand is not None:
            yield from _values(operand, current, client, is_own=verb == "unshare")


def _operands(parsers: Sequence[argparse.ArgumentParser], words: Sequence[str]) -> Iterator[str]:
    """Leave out the options and their values: the first operand of ``p2p`` is its verb."""
    previous = ""
    for word in words:
        option = _option(parsers, previous)
        is_value = option is not None and option.nargs != 0
        if not (is_value or word.startswith("-")):
            yield word
        previous = word


def _operand(chosen: argparse.ArgumentParser, before: int) -> argparse.Action | None:
    """Return what may stand behind so many operands of a verb; ``None`` for nothing."""
    operands = [action for action in chosen._actions if not action.option_strings]
    if before < len(operands):
        return operands[before]
    return operands[-1] if operands and operands[-1].nargs in ("*", "+") else None


def _values(
    action: argparse.Action, current: str, client: PeerClient | None, is_own: bool = False
) -> Iterator[str]:
    """List what an option or a word may be; ``is_own`` for what the peer itself shares."""
    if action.choices is not None:
        yield from map(str, action.choices)
    elif action.metavar in _PATHS:
        yield FILES
    elif "--peer" in action.option_strings or action.dest == "peer":
        from p2p_twisted.api.socket_index import running_peers

        yield from (place.name for place in running_peers())
    elif client is not None:
        yield from _own(client) if is_own else _asked(action, current, client)


def _own(client: PeerClient) -> Iterator[str]:
    """List what the peer shares by itself; not in the other directories, which stay as they are."""
    others = {each["name"].removeprefix("@") for each in client.get("/v1/status")["shares"]}
    names = (hit["name"] for hit in client.get("/v1/files", numbered="false")["hits"])
    yield from (name for name in names if name.partition("/")[0] not in others)


def _asked(action: argparse.Action, current: str, client: PeerClient) -> Iterator[str]:
    """Ask the peer; what the person's numbers mean stays as it is."""
    if action.metavar == "PEER":
        yield from (each["name"] for each in client.get("/v1/topology")["peers"])
    elif action.metavar == "WHOM":
        yield from _recipients(current, client)
    elif action.dest == "offers":
        yield from (str(each["number"]) for each in client.get("/v1/offers")["offers"])
    elif action.metavar == "MEMBER":
        yield from (each["name"] for each in client.get("/v1/members", after=current)["members"])
    elif action.metavar == "INVITE":
        yield from (each["id"] for each in client.get("/v1/invites")["invites"])
    elif action.dest == "numbers":
        downloads = client.get("/v1/transfers")["downloads"]
        yield from (str(each["number"]) for each in downloads if not each["is_ended"])
    elif action.dest in ("names", "text"):
        hits = client.get("/v1/find", text=f"{current}*", numbered="false")["hits"]
        yield from sorted({hit["name"] for hit in hits})


def _recipients(current: str, client: PeerClient) -> Iterator[str]:
    """List to whom something can be pushed, behind those that are named already."""
    before = current[: current.rfind(",") + 1]
    certificate = client.get("/v1/status").get("certificate") or {"groups": ()}
    yield from (f"{before}@{group}" for group in ("all", *certificate["groups"]))
    yield from (f"{before}{each['name']}" for each in client.get("/v1/topology")["peers"])


def _subparsers(parser: argparse.ArgumentParser) -> Any:
    [found] = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    return found


def _parser_of(parser: argparse.ArgumentParser, verb: str) -> argparse.ArgumentParser:
    if verb in ("peer", "relay", "registry"):
        from p2p_twisted.cli.daemon import daemon_parser

        return daemon_parser("registry" if verb == "registry" else "peer")
    found: argparse.ArgumentParser = _subparsers(parser).choices[verb]
    return found


def _option(parsers: Sequence[argparse.ArgumentParser], word: str) -> argparse.Action | None:
    """Return the option that a word names, in the first parser that knows it."""
    found = (each._option_string_actions.get(word) for each in parsers if word.startswith("-"))
    return next(filter(None, found), None)


def complete(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Write what the last word may become, a line each; nothing where that is not known."""
    import sys

    try:
        client: PeerClient | None = find_peer(_peer_of(words))
    except CommandFailed:
        client = None
    if client is not None:
        client = PeerClient(client.place, _ANSWER_SECONDS)
    try:
        found = candidates(parser, words, client)
    except CommandFailed:
        found = []
    sys.stdout.write("".join(f"{each}\n" for each in found))
    return 0


def _peer_of(words: Sequence[str]) -> str | None:
    words = [part for word in words for part in word.split("=", 1) if part]
    return next((name for option, name in pairwise(words) if option == "--peer"), None)
