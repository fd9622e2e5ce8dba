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
    return CommandEntry(
        words=(word,),
        operand="N...",
        does=does,
        read=read,
        takes=takes,
        examples=(f"{word} 3",),
        operand_kind=Operand.PUSHES,
    )


COMMANDS: Final = (
    CommandEntry(
        words=("TOPO",),
        does="show the whole network: every peer and its neighbors",
        read=alone(Topo()),
    ),
    CommandEntry(
        words=("get",),
        operand="NAME... [--from PEER]",
        does="download files and folders by their names, like *.txt, or by numbers from the last"
        " list",
        read=read_get,
        takes="takes names, or numbers from the last list, and perhaps --from and a peer",
        examples=("get f1", 'get a.txt "b c.txt" *.jpg', "get 1 3 5-8", "get f1 --from s4"),
        operand_kind=Operand.NAMES,
    ),
    CommandEntry(
        words=("find",),
        operand="TEXT",
        does="search all peers for names with TEXT in them, or like *.txt",
        read=read_find,
        takes="takes what to search for",
        examples=("find report", "find *.pdf", "find photos/*2024*"),
        operand_kind=Operand.TEXT,
    ),
    CommandEntry(
        words=("ls",),
        operand="[PEER]",
        does="list what PEER shares, or this peer",
        read=read_list,
        takes="takes the name of a peer, or nothing for this one",
        examples=("ls", "ls s4"),
        operand_kind=Operand.PEER,
    ),
    CommandEntry(words=("peers",), does="list the peers of the network", read=alone(ListPeers())),
    CommandEntry(
        words=("transfers",),
        does="list the downloads of this run, and what others get",
        read=alone(ListTransfers()),
    ),
    CommandEntry(
        words=("explain",),
        operand="[N|NAME]",
        does="say what limits download N, or how a search went; by default the last",
        read=read_explain,
        takes="takes the number or the name of a download, or what was searched for",
        examples=("explain", "explain 2", "explain f1.txt"),
        operand_kind=Operand.DOWNLOADS,
    ),
    CommandEntry(
        words=("cancel",),
        operand="N...|all",
        does="give up download N, or all",
        read=numbers_or_all(Cancel),
        takes="takes numbers of downloads, or all: see transfers",
        examples=("cancel 2", "cancel 2 4-6", "cancel all"),
        operand_kind=Operand.DOWNLOADS,
    ),
    CommandEntry(
        words=("pause",),
        operand="N...|all",
        does="let download N rest, or all; it keeps what it has",
        read=numbers_or_all(Pause),
        takes="takes numbers of downloads, or all: see transfers",
        examples=("pause 2", "pause all"),
        operand_kind=Operand.DOWNLOADS,
    ),
    CommandEntry(
        words=("resume",),
        operand="N...|all",
        does="go on with download N, or with all that rest",
        read=numbers_or_all(Resume),
        takes="takes numbers of downloads, or all: see transfers",
        examples=("resume 2", "resume all"),
        operand_kind=Operand.DOWNLOADS,
    ),
    CommandEntry(
        words=("push",),
        operand="NAME... --to WHOM [--for 7d] [--into DIR] [--wait] [--timeout 10m]",
        does="give what this peer shares to others: anna,ben, a group such as @lab, or @all",
        read=read_push,
        takes="takes names of what this peer shares, --to with peers, groups or @all, and perhaps"
        " --for 30m, 2h or 7d (7d) and --into with a folder; --wait ends when all have it that are"
        " there, or with --timeout 90s or 10m",
        examples=("push lesson.tar --to @all", 'push "b c.txt" photos --to anna,@lab --for 2h'),
        operand_kind=Operand.PUSH,
    ),
    CommandEntry(
        words=("pushes",),
        operand="[N... [--wait] [--timeout 10m]]",
        does="list what was pushed, by this peer and to it, or show how push N goes",
        read=read_pushes,
        takes="takes numbers of pushes, and perhaps --wait, or --timeout with 90s or 10m; or"
        " nothing to list them",
        examples=("pushes", "pushes 3", "pushes 3 --wait"),
        operand_kind=Operand.PUSHES,
    ),
    _on_pushes("unpush", "end push N: whoever has not got it does not get it", read_unpush),
    _on_pushes("accept", "get what was pushed to this peer as N", answer_reader(True)),
    _on_pushes(
        "refuse", "do not get push N of another peer, nor give it to others", answer_reader(False)
    ),
    CommandEntry(
        words=("link",),
        operand="NAME|N [--for 1h] [--qr]",
        does="make a link to a file, for a phone or anybody else on the local network",
        read=read_link,
        takes="takes a name, or a number from the last list, and perhaps --for 30m, 2h or 7d (1h)"
        " and --qr",
        examples=("link f1 --qr", 'link "b c.txt" --for 2h', "link 2"),
        operand_kind=Operand.LINK,
    ),
    CommandEntry(
        words=("links",),
        does="list the links to files that are open",
        read=alone(ListLinks()),
    ),
    CommandEntry(
        words=("unlink",),
        operand="N...",
        does="end link N: nobody gets its file by it any more",
        read=read_unlink,
        takes="takes numbers of links: see links",
        examples=("unlink 1",),
    ),
    CommandEntry(
        words=("limit",),
        operand="[up|down RATE]",
        does="show what is sent and received a second at most, or limit it: 10M, 500K, off",
        read=read_limit,
        takes="takes up or down, and a rate: 10M, 500K, off",
        examples=("limit", "limit up 2M", "limit down off"),
        operand_kind=Operand.LIMIT,
    ),
    CommandEntry(words=("status",), does="show how this peer is", read=alone(ShowStatus())),
    CommandEntry(
        words=("invite",),
        operand="[--uses N] [--for 2h] [--admin] [--group NAME] [--qr]",
        does="invite somebody to a private network; for admins",
        read=read_invite,
        takes="takes --uses N (1 by default), --for 30m, 2h or 7d (24h), --admin, --group NAME"
        " and --qr",
        examples=(
            "invite",
            "invite --uses 30 --for 2h",
            "invite --group lab --qr",
            "invite --admin",
        ),
        operand_kind=Operand.INVITE,
    ),
    CommandEntry(
        words=("invites",),
        does="list the invites that are open; for admins",
        read=alone(ListInvites()),
    ),
    CommandEntry(
        words=("revoke",),
        operand="NAME|--invite ID",
        does="put a peer out of a private network, or take an invite back; for admins",
        read=read_revoke,
        takes="takes the name of a peer, or --invite and its id: see invites",
        examples=("revoke anna", "revoke --invite 3f2a91bc"),
        operand_kind=Operand.REVOKED,
    ),
    CommandEntry(
        words=("members",),
        does="list who has a certificate of a private network; for admins",
        read=alone(ListMembers()),
    ),
    CommandEntry(
        words=("leave", "quit", "exit"),
        does="leave the network; the others go on",
        read=alone(LeaveNetwork()),
    ),
    CommandEntry(
        words=("Stop",),
        does="stop the whole network, every peer of it",
        read=alone(StopNetwork()),
    ),
    CommandEntry(
        words=("help",),
        operand="[COMMAND]",
        does="list the commands used most, explain one, or list all",
        read=_read_help,
        takes="takes the name of a command, all, or nothing for those used most",
        examples=("help", "help get", "help all"),
        operand_kind=Operand.COMMAND,
    ),
)
"""All commands, in the order in which ``help all`` shows them."""

BY_WORD: Final = {word.casefold(): entry for entry in COMMANDS for word in entry.words}
"""Every word that calls a command, in lower case."""
