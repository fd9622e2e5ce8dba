"""Parse a typed line by a table of commands."""

import re
from collections.abc import Callable
from typing import Final

import attrs

from p2p_twisted.console.commands import (
    Cancel,
    Choose,
    Command,
    Find,
    Get,
    Help,
    LeaveNetwork,
    Limit,
    List,
    ListPeers,
    ListTransfers,
    Pause,
    Resume,
    ShowLimits,
    ShowStatus,
    StopNetwork,
    Topo,
)
from p2p_twisted.library.matching import is_pattern
from p2p_twisted.wire.names import BadName, PeerName, peer_name


@attrs.frozen
class CommandEntry:
    """
    A command in the table.

    :ivar words: by which it is called; the first is its name.
    :ivar operand: what may or must follow the word, for people.
    :ivar does: what it does, for people.
    :ivar read: parses what followed the word; returns ``None`` if that does not fit.
    """

    words: tuple[str, ...]
    operand: str
    does: str
    read: Callable[[str], Command | None]

    @property
    def usage(self) -> str:
        """How to type it."""
        return f"{self.words[0]} {self.operand}".rstrip()


def parse(line: str) -> Command | None:
    """
    Parse one line; a line that is not a command is the name of a file to get.

    :returns: ``None`` for a blank line.
    """
    typed = line.strip()
    if not typed:
        return None
    quoted = _unquoted(typed)
    if quoted is not None:
        return Get(quoted)
    word, rest = first_word(typed)
    entry = find_entry(word)
    command = entry.read(rest) if entry else None
    return command or Get(typed, is_bare=True)


def find_entry(word: str) -> CommandEntry | None:
    """Look a command up by any of its words, in any case."""
    return BY_WORD.get(word.casefold())


def first_word(line: str) -> tuple[str, str]:
    """Split a line into its first word and the rest."""
    word, *rest = line.split(maxsplit=1) or [""]
    return word, rest[0] if rest else ""


def _unquoted(text: str) -> str | None:
    """Remove the quotes or the ``./`` that mark a text as a file's name."""
    if len(text) > 2 and text[0] in "\"'" and text[-1] == text[0]:
        return text[1:-1]
    if len(text) > 2 and text.startswith("./"):
        return text[2:]
    return None


def _alone(command: Command) -> Callable[[str], Command | None]:
    return lambda rest: None if rest else command


def _read_get(rest: str) -> Command | None:
    match = _GET.fullmatch(rest)
    if match is None:
        return None
    what, peer = match["what"], match["peer"]
    holder = _peer(peer or "")
    if peer is not None and holder is None:
        return None
    number = _number(what)
    if number:
        return Choose(number, holder)
    return Get(_unquoted(what) or what, holder, words=_several(what))


def _several(text: str) -> tuple[str, ...]:
    """
    Split a text into words; those in quotes may have spaces.

    :returns: nothing if the text can only be one name.
    """
    words = [(match["quoted"], match["plain"]) for match in _WORDS.finditer(text)]
    if len(words) == 1 and not is_pattern(words[0][1] or ""):
        return ()
    return tuple(quoted or plain for quoted, plain in words)


def _read_find(rest: str) -> Command | None:
    return Find(_unquoted(rest) or rest) if rest else None


def _read_list(rest: str) -> Command | None:
    if not rest:
        return List()
    holder = _peer(rest)
    return None if holder is None else List(holder)


def _read_cancel(rest: str) -> Command | None:
    number = _number(rest)
    return None if number is None else Cancel(number)


def _one_or_all(make: Callable[[int | None], Command]) -> Callable[[str], Command | None]:
    def read(rest: str) -> Command | None:
        if rest.casefold() == "all":
            return make(None)
        number = _number(rest)
        return None if number is None else make(number)

    return read


def _read_limit(rest: str) -> Command | None:
    match rest.casefold().split():
        case []:
            return ShowLimits()
        case [("up" | "down") as direction, rate]:
            return Limit(direction, rate)
        case _:
            return None


def _read_help(rest: str) -> Command | None:
    if not rest:
        return Help()
    entry = find_entry(rest)
    return None if entry is None else Help(entry.words[0])


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _peer(text: str) -> PeerName | None:
    try:
        return peer_name(text)
    except BadName:
        return None


# A quoted text is one operand, whatever is in it.
_GET: Final = re.compile(
    r"""(?P<what>(["']).+\2|\S.*?)(?:\s+--from(?:\s+|=)(?P<peer>\S+))?""", re.DOTALL
)
# An apostrophe within a word is not a quote.
_WORDS: Final = re.compile(r"""(["'])(?P<quoted>.+?)\1(?=\s|\Z)|(?P<plain>\S+)""", re.DOTALL)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")

COMMANDS: Final = (
    CommandEntry(
        ("TOPO",), "", "show the whole network: every peer and its neighbors", _alone(Topo())
    ),
    CommandEntry(
        ("get",),
        "NAME... [--from PEER]",
        "download files and folders by their names, like *.txt, or by number from the last list",
        _read_get,
    ),
    CommandEntry(
        ("find",), "TEXT", "search all peers for names with TEXT in them, or like *.txt", _read_find
    ),
    CommandEntry(("ls",), "[PEER]", "list what PEER shares, or this peer", _read_list),
    CommandEntry(("peers",), "", "list the peers of the network", _alone(ListPeers())),
    CommandEntry(
        ("transfers",),
        "",
        "list the downloads of this run, and what others get",
        _alone(ListTransfers()),
    ),
    CommandEntry(("cancel",), "N", "give up download N", _read_cancel),
    CommandEntry(
        ("pause",), "N|all", "let download N rest, or all; it keeps what it has", _one_or_all(Pause)
    ),
    CommandEntry(
        ("resume",), "N|all", "go on with download N, or with all that rest", _one_or_all(Resume)
    ),
    CommandEntry(
        ("limit",),
        "[up|down RATE]",
        "show what is sent and received a second at most, or limit it: 10M, 500K, off",
        _read_limit,
    ),
    CommandEntry(("status",), "", "show how this peer is", _alone(ShowStatus())),
    CommandEntry(
        ("leave", "quit", "exit"), "", "leave the network; the others go on", _alone(LeaveNetwork())
    ),
    CommandEntry(("Stop",), "", "stop the whole network, every peer of it", _alone(StopNetwork())),
    CommandEntry(("help",), "[COMMAND]", "explain a command, or list them all", _read_help),
)
"""All commands, in the order in which ``help`` shows them."""

BY_WORD: Final = {word.casefold(): entry for entry in COMMANDS for word in entry.words}
"""Every word that calls a command, in lower case."""
