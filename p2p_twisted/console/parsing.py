"""Parse a typed line by a table of commands."""

from collections.abc import Callable
from typing import Final

from p2p_twisted.console.admin_arguments import read_invite, read_revoke
from p2p_twisted.console.arguments import (
    alone,
    numbers_or_all,
    read_explain,
    read_find,
    read_get,
    read_limit,
    read_list,
    unquoted,
)
from p2p_twisted.console.command_entry import CommandEntry, Operand
from p2p_twisted.console.commands import (
    Cancel,
    Command,
    Get,
    Help,
    LeaveNetwork,
    ListInvites,
    ListLinks,
    ListMembers,
    ListPeers,
    ListTransfers,
    Pause,
    Resume,
    ShowStatus,
    StopNetwork,
    Topo,
)
from p2p_twisted.console.link_arguments import read_link, read_unlink
from p2p_twisted.console.push_arguments import answer_reader, read_push, read_pushes, read_unpush
from p2p_twisted.console.text import meant


def parse(line: str) -> Command | None:
    """
    Parse one line; a line that is not a command is the name of a file to get.

    :returns: ``None`` for a blank line.
    """
    typed = meant(line.strip())
    if not typed:
        return None
    quoted = unquoted(typed)
    if quoted is not None:
        return Get(quoted)
    word, rest = first_word(typed)
    entry = find_entry(word)
    if entry is None:
        return Get(typed, is_bare=True)
    return entry.command(rest, typed)


def find_entry(word: str) -> CommandEntry | None:
    """Look a command up by any of its words, in any case."""
    return BY_WORD.get(word.casefold())


def first_word(line: str) -> tuple[str, str]:
    """Split a line into its first word and the rest."""
    word, *rest = line.split(maxsplit=1) or [""]
    return word, rest[0] if rest else ""


def _read_help(rest: str) -> Command | None:
    if not rest or rest.casefold() == "all":
        return Help(lists_all=bool(rest))
    entry = find_entry(rest)
    return None if entry is None else Help(entry.words[0])


def _on_pushes(word: str, does: str, read: Callable[[str], Command | None]) -> CommandEntry:
    takes = "takes numbers of pushes: see pushes"
    return CommandEntry((word,), "N...", does, read, takes, (f"{word} 3",), Operand.PUSHES)


COMMANDS: Final = (
    CommandEntry(
        ("TOPO",), "", "show the whole network: every peer and its neighbors", alone(Topo())
    ),
    CommandEntry(
        ("get",),
        "NAME... [--from PEER]",
        "download files and folders by their names, like *.txt, or by numbers from the last list",
        read_get,
        "takes names, or numbers from the last list, and perhaps --from and a peer",
        ("get f1", 'get a.txt "b c.txt" *.jpg', "get 1 3 5-8", "get f1 --from s4"),
        Operand.NAMES,
    ),
    CommandEntry(
        ("find",),
        "TEXT",
        "search all peers for names with TEXT in them, or like *.txt",
        read_find,
        "takes what to search for",
        ("find report", "find *.pdf", "find photos/*2024*"),
        Operand.TEXT,
    ),
    CommandEntry(
        ("ls",),
        "[PEER]",
        "list what PEER shares, or this peer",
        read_list,
        "takes the name of a peer, or nothing for this one",
        ("ls", "ls s4"),
        Operand.PEER,
    ),
    CommandEntry(("peers",), "", "list the peers of the network", alone(ListPeers())),
    CommandEntry(
        ("transfers",),
        "",
        "list the downloads of this run, and what others get",
        alone(ListTransfers()),
    ),
    CommandEntry(
        ("explain",),
        "[N|NAME]",
        "say what limits download N, or how a search went; by default the last",
        read_explain,
        "takes the number or the name of a download, or what was searched for",
        ("explain", "explain 2", "explain f1.txt"),
        Operand.DOWNLOADS,
    ),
    CommandEntry(
        ("cancel",),
        "N...|all",
        "give up download N, or all",
        numbers_or_all(Cancel),
        "takes numbers of downloads, or all: see transfers",
        ("cancel 2", "cancel 2 4-6", "cancel all"),
        Operand.DOWNLOADS,
    ),
    CommandEntry(
        ("pause",),
        "N...|all",
        "let download N rest, or all; it keeps what it has",
        numbers_or_all(Pause),
        "takes numbers of downloads, or all: see transfers",
        ("pause 2", "pause all"),
        Operand.DOWNLOADS,
    ),
    CommandEntry(
        ("resume",),
        "N...|all",
        "go on with download N, or with all that rest",
        numbers_or_all(Resume),
        "takes numbers of downloads, or all: see transfers",
        ("resume 2", "resume all"),
        Operand.DOWNLOADS,
    ),
    CommandEntry(
        ("push",),
        "NAME... --to WHOM [--for 7d] [--into DIR] [--wait] [--timeout 10m]",
        "give what this peer shares to others: anna,ben, a group such as @lab, or @all",
        read_push,
        "takes names of what this peer shares, --to with peers, groups or @all, and perhaps"
        " --for 30m, 2h or 7d (7d) and --into with a folder; --wait ends when all have it that are"
        " there, or with --timeout 90s or 10m",
        ("push lesson.tar --to @all", 'push "b c.txt" photos --to anna,@lab --for 2h'),
        Operand.PUSH,
    ),
    CommandEntry(
        ("pushes",),
        "[N... [--wait] [--timeout 10m]]",
        "list what was pushed, by this peer and to it, or show how push N goes",
        read_pushes,
        "takes numbers of pushes, and perhaps --wait, or --timeout with 90s or 10m; or nothing to"
        " list them",
        ("pushes", "pushes 3", "pushes 3 --wait"),
        Operand.PUSHES,
    ),
    _on_pushes("unpush", "end push N: whoever has not got it does not get it", read_unpush),
    _on_pushes("accept", "get what was pushed to this peer as N", answer_reader(True)),
    _on_pushes(
        "refuse", "do not get push N of another peer, nor give it to others", answer_reader(False)
    ),
    CommandEntry(
        ("link",),
        "NAME|N [--for 1h] [--qr]",
        "make a link to a file, for a phone or anybody else on the local network",
        read_link,
        "takes a name, or a number from the last list, and perhaps --for 30m, 2h or 7d (1h) and"
        " --qr",
        ("link f1 --qr", 'link "b c.txt" --for 2h', "link 2"),
        Operand.LINK,
    ),
    CommandEntry(("links",), "", "list the links to files that are open", alone(ListLinks())),
    CommandEntry(
        ("unlink",),
        "N...",
        "end link N: nobody gets its file by it any more",
        read_unlink,
        "takes numbers of links: see links",
        ("unlink 1",),
    ),
    CommandEntry(
        ("limit",),
        "[up|down RATE]",
        "show what is sent and received a second at most, or limit it: 10M, 500K, off",
        read_limit,
        "takes up or down, and a rate: 10M, 500K, off",
        ("limit", "limit up 2M", "limit down off"),
        Operand.LIMIT,
    ),
    CommandEntry(("status",), "", "show how this peer is", alone(ShowStatus())),
    CommandEntry(
        ("invite",),
        "[--uses N] [--for 2h] [--admin] [--group NAME] [--qr]",
        "invite somebody to a private network; for admins",
        read_invite,
        "takes --uses N (1 by default), --for 30m, 2h or 7d (24h), --admin, --group NAME and --qr",
        ("invite", "invite --uses 30 --for 2h", "invite --group lab --qr", "invite --admin"),
        Operand.INVITE,
    ),
    CommandEntry(
        ("invites",), "", "list the invites that are open; for admins", alone(ListInvites())
    ),
    CommandEntry(
        ("revoke",),
        "NAME|--invite ID",
        "put a peer out of a private network, or take an invite back; for admins",
        read_revoke,
        "takes the name of a peer, or --invite and its id: see invites",
        ("revoke anna", "revoke --invite 3f2a91bc"),
        Operand.REVOKED,
    ),
    CommandEntry(
        ("members",),
        "",
        "list who has a certificate of a private network; for admins",
        alone(ListMembers()),
    ),
    CommandEntry(
        ("leave", "quit", "exit"), "", "leave the network; the others go on", alone(LeaveNetwork())
    ),
    CommandEntry(("Stop",), "", "stop the whole network, every peer of it", alone(StopNetwork())),
    CommandEntry(
        ("help",),
        "[COMMAND]",
        "list the commands used most, explain one, or list all",
        _read_help,
        "takes the name of a command, all, or nothing for those used most",
        ("help", "help get", "help all"),
        Operand.COMMAND,
    ),
)
"""All commands, in the order in which ``help all`` shows them."""

BY_WORD: Final = {word.casefold(): entry for entry in COMMANDS for word in entry.words}
"""Every word that calls a command, in lower case."""
