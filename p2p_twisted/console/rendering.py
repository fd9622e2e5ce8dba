"""Write a peer's answers as lines for people."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from typing import Final

import attrs

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.console.admin_lines import certificate_text
from p2p_twisted.console.command_entry import CommandEntry
from p2p_twisted.console.layout import fitted_table, table
from p2p_twisted.console.parsing import COMMANDS
from p2p_twisted.console.text import (
    TOLD_IN_PART,
    count,
    human_size,
    human_time,
    relays_line,
    share_line,
    shown_name,
)
from p2p_twisted.library.matching import natural_order
from p2p_twisted.peer.hit_list import row_of
from p2p_twisted.peer.interface import Found, Status, Topology
from p2p_twisted.wire.firewall import firewall_ports
from p2p_twisted.wire.messages import Hit, PeerRecord
from p2p_twisted.wire.names import SHORT_ID_DIGITS, FileId, PeerName

ROWS_SHOWN: Final = 200
"""How many rows of a list are shown: others decide how long it is, and a person reads no more."""

_NAMES_SHOWN: Final = 20
# To put all in order would take long: of very many, nobody looks for the very first.
_NAMES_ORDERED: Final = 1_000
_USED_MOST: Final = ("TOPO", "get", "find", "ls", "transfers", "status", "leave", "Stop", "help")
_HOLDERS_SHOWN: Final = 5


@attrs.frozen
class Choice:
    """
    Hits with the same name for the same content.

    :ivar hits: one per holder, the best first.
    """

    hits: tuple[Hit, ...]

    @property
    def best(self) -> Hit:
        """The hit to use when no holder was named."""
        return self.hits[0]

    def of(self, holder: PeerName) -> Hit | None:
        """Return the hit of one holder; ``None`` if there is none."""
        return next((hit for hit in self.hits if hit.peer == holder), None)


def group_hits(hits: Iterable[Hit]) -> tuple[Choice, ...]:
    """
    Group hits with the same name and content, in the order of their best.

    A hit that calls a folder a file, or a file a folder, belongs to another group.
    """
    groups: dict[tuple[str, str, FileId | PeerName], list[Hit]] = {}
    for hit in hits:
        groups.setdefault(row_of(hit), []).append(hit)
    return tuple(Choice(tuple(group)) for group in groups.values())


def short_id(file_id: FileId) -> str:
    """Shorten a file id to a length that people can compare."""
    return file_id[:SHORT_ID_DIGITS]


def name_list(names: Sequence[PeerName]) -> str:
    """Join peers' names in natural order; of very many, only a few are shown."""
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(nsmallest(_NAMES_SHOWN, names[:_NAMES_ORDERED], natural_order))
    return f"{shown} and {more:,} more" if more > 0 else shown


def topology_lines(topology: Topology) -> Iterator[str]:
    """Write the network: a line per peer, then a summary."""
    for record in _first(topology.peers):
        links = " ".join(sorted(record.links, key=natural_order))
        yield f"{record.peer} : {links}".rstrip()
    yield from _more(len(topology.peers))
    peers, links = count(len(topology.peers), "peer"), count(len(topology.links), "link")
    yield f"{peers}, {links}, {human_time(topology.seconds)}{_silence(topology.silent)}"


def choice_lines(choices: Sequence[Choice], width: int | None) -> Iterator[str]:
    """Write numbered choices, for commands such as ``get 2``, each in one line."""
    rows = [
        (
            str(number),
            shown_name(choice.best.name) + ("/" if choice.best.kind == "folder" else ""),
            human_size(choice.best.size),
            _state(choice.best),
            _holders(choice),
        )
        for number, choice in enumerate(choices[:ROWS_SHOWN], 1)
    ]
    # Where there is no room, the ids go first, then the holders.
    yield from fitted_table(rows, width, right=(0, 2), long=1, optional=(3, 4))
    yield from _more(len(choices))


def found_lines(found: Found, choices: Sequence[Choice], width: int | None = None) -> Iterator[str]:
    """Write the results of a search, and how many peers were asked."""
    yield from choice_lines(choices, width)
    asked = f", asked {found.answered:,} of {count(found.asked, 'peer')}" if found.asked else ""
    seconds = human_time(found.seconds)
    yield f"{_kinds(choices)}{asked}, {seconds}{_silence(found.silent)}"
    if found.is_cut:
        yield TOLD_IN_PART


def _kinds(choices: Sequence[Choice]) -> str:
    folders = sum(choice.best.kind == "folder" for choice in choices)
    files = count(len(choices) - folders, "file")
    if not folders:
        return files
    return count(folders, "folder") + (f", {files}" if len(choices) > folders else "")


def peers_lines(topology: Topology, me: PeerName, neighbors: Iterable[PeerName]) -> Iterator[str]:
    """Write all peers, and mark this peer and its neighbors."""
    near = frozenset(neighbors)
    rows = [
        (
            record.peer,
            "this peer" if record.peer == me else "neighbor" if record.peer in near else "",
            count(len(record.links), "link"),
        )
        for record in _first(topology.peers)
    ]
    yield from table(rows)
    yield from _more(len(topology.peers))
    peers = count(len(topology.peers), "peer")
    yield f"{peers}, {human_time(topology.seconds)}{_silence(topology.silent)}"


def status_lines(status: Status, width: int | None = None) -> Iterator[str]:
    """Write the state of the peer."""
    neighbors = ", ".join(map(str, sorted(status.neighbors, key=lambda a: natural_order(a.name))))
    hashing = f", {status.hashing:,} still being hashed" if status.hashing else ""
    ignored = f", {status.ignored:,} left out by .p2pignore" if status.ignored else ""
    rows = [
        ("peer", str(status.address or f"{status.name} (not in a network yet)")),
        *_reach(status),
        *_network(status),
        ("neighbors", f"{len(status.neighbors)}: {neighbors}" if neighbors else "none"),
        ("registry", status.registry + ("" if status.registered else " (not registered now)")),
        (
            "directory",
            f"{shown_name(status.directory)} ({count(status.files, 'file')},"
            f" {human_size(status.size)}{hashing}{ignored})",
        ),
        *(("", f"{shown_name(path)} as {share_line(name)}") for name, path in status.shares),
        ("downloads", shown_name(status.downloads) + _reshared(status)),
        ("limits", limits_line(status.rates)),
        ("moved", f"{human_size(status.sent)} sent, {human_size(status.received)} received"),
        ("relays", relays_line(len(status.relayed), status.relay_rate)),
        ("up for", human_time(status.uptime)),
    ]
    yield from table(rows, width)
    for name, why in status.unshared[:ROWS_SHOWN]:
        yield f"not shared: {shown_name(name)}: {why}"
    yield from _more(status.excluded)


def outside_line(status: Status) -> str | None:
    """Write what a peer waits for that is not in a network yet; ``None`` for one that is."""
    if status.address is not None:
        return None
    return f"not in a network yet: waiting for the registry at {status.registry}"


def _network(status: Status) -> Iterator[tuple[str, str]]:
    yield "network", status.network + (", private" if status.certificate else "")
    if status.certificate:
        yield "certificate", certificate_text(status.certificate)
    if status.clock_fault:
        yield "clock", status.clock_fault


def _reach(status: Status) -> Iterator[tuple[str, str]]:
    if status.address is not None and status.reachable is False:
        ports = firewall_ports(status.address)
        yield "reach", f"others cannot dial this peer: a firewall? let {ports} in"
    elif status.reachable:
        yield "reach", "others can dial this peer"


def _reshared(status: Status) -> str:
    return "" if status.reshared is None else f" ({count(status.reshared, 'file')}, shared, too)"


def limits_line(rates: Rates) -> str:
    """Write the limits on what is sent and received."""
    up, down = (f"{human_size(rate)}/s" if rate else "unlimited" for rate in attrs.astuple(rates))
    return f"up {up}, down {down}"


def command_lines(entry: CommandEntry) -> Iterator[str]:
    """Explain one command."""
    yield entry.usage
    yield f"  {entry.does}"
    if entry.words[1:]:
        yield f"  also: {', '.join(entry.words[1:])}"
    if entry.examples:
        yield f"  {entry.words[0]} {entry.takes}:"
        for example in entry.examples:
            yield f"    {example}"


def help_lines(lists_all: bool = False, width: int | None = None) -> Iterator[str]:
    """List the commands that are used most, on one screen, and the words of the others; or all."""
    shown = [entry for entry in COMMANDS if lists_all or entry.words[0] in _USED_MOST]
    usual = ("NAME", "download a file or folder: the name alone is enough")
    yield from table([usual, *((entry.usage, entry.does) for entry in shown)], width)
    if not lists_all:
        others = ", ".join(entry.words[0] for entry in COMMANDS if entry not in shown)
        yield f"also: {others}"
        yield "help find explains one command, help all lists all of them"
    yield 'Commands may be in any case. A file called like one: get stop, or "stop".'


def _state(hit: Hit) -> str:
    if hit.file is not None:
        return short_id(hit.file)
    return "being written to" if hit.growing else f"hashing {hit.hashed} %"


def _holders(choice: Choice) -> str:
    holders = [hit.peer for hit in choice.hits]
    more = len(holders) - _HOLDERS_SHOWN
    return " ".join(holders[:_HOLDERS_SHOWN]) + (f" +{more}" if more > 0 else "")


def _silence(silent: Sequence[PeerName]) -> str:
    return f"; no answer from {name_list(silent)}" if silent else ""


def _first(peers: Iterable[PeerRecord]) -> list[PeerRecord]:
    return nsmallest(ROWS_SHOWN, peers, key=lambda record: natural_order(record.peer))


def _more(rows: int) -> Iterator[str]:
    if rows > ROWS_SHOWN:
        yield f"... and {rows - ROWS_SHOWN:,} more"
