"""Write for people what a peer has answered."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from p2p_twisted.console.dumb_terminal import is_dumb
from p2p_twisted.console.layout import fitted_table, table, wrapped
from p2p_twisted.console.qr_lines import qr_lines
from p2p_twisted.console.text import (
    TOLD_IN_PART,
    QrLine,
    count,
    human_size,
    human_time,
    reached,
    relayed_line,
    relays_line,
    share_line,
    shown_name,
)
from p2p_twisted.registry.location import show_location
from p2p_twisted.runtime.amounts import and_more
from p2p_twisted.wire.reaching import DIRECT

_SHORT_ID: Final = 16
_HOLDERS: Final = 5


def width() -> int | None:
    """Return how many cells a line may have; ``None`` for no limit, where nobody looks."""
    if not sys.stdout.isatty():
        return None
    return os.get_terminal_size(sys.stdout.fileno()).columns or None


def drawn(rows: Sequence[str]) -> Iterator[str]:
    """
    Draw a QR code, colored where that is seen.

    :param rows: of its modules.
    """
    has_color = sys.stdout.isatty() and not is_dumb()
    for line in qr_lines(rows, width()):
        yield line.colored() if has_color and isinstance(line, QrLine) else line


def status_lines(status: Mapping[str, Any]) -> Iterator[str]:
    """Describe a peer at a glance."""
    yield from table(list(_status_rows(status)), width())
    unshared = status.get("unshared", ())
    for each in unshared:
        yield from wrapped(f"not shared: {shown_name(each['name'])}: {each['reason']}", width())
    if unshared and (more := status["excluded"] - len(unshared)) > 0:
        yield f"and {more:,} more that are not shared"


def _status_rows(status: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    address = status["address"]
    where = "no address: it has not joined"
    if address:
        where = show_location(address["host"], address["port"])
    unreachable = " (others cannot reach it)" if status["reachable"] is False else ""
    yield "peer", f"{status['name']} at {where}{unreachable}"
    certificate = certificate_line(status)
    private = ", private" if certificate else ""
    yield "network", f"{status['network']}{private}, registry {status['registry']}"
    if not status["registered"]:
        yield "", status["registry_fault"] or "the registry does not know this peer"
    if certificate:
        yield "certificate", certificate
    if fault := status.get("clock_fault"):
        yield "clock", fault
    yield "neighbors", " ".join(each["name"] for each in status["neighbors"]) or "none"
    hashing = f", {status['hashing']:,} being hashed" if status["hashing"] else ""
    excluded = f", {status['excluded']:,} not shared" if status["excluded"] else ""
    ignored = f", {status['ignored']:,} left out by .p2pignore" if status.get("ignored") else ""
    shared = f"{count(status['files'], 'file')}, {human_size(status['size'])}"
    yield "shares", f"{shared}{hashing}{excluded}{ignored}"
    yield "directory", status["directory"]
    for each in status.get("shares", ()):
        yield "", f"{each['path']} as {share_line(each['name'])}"
    yield "downloads", status["downloads"]
    yield "limits", ", ".join(f"{way} {_rate(status['limits'][way])}" for way in ("up", "down"))
    sent, received = human_size(status["sent"]), human_size(status["received"])
    yield "moved", f"{sent} sent, {received} received"
    # Peers of earlier versions do not tell.
    if "relays" in status:
        yield "relays", relays_line(status["relays"], status["relay_limit"])
    yield "running", human_time(status["uptime"])


def certificate_line(status: Mapping[str, Any]) -> str | None:
    """Describe a peer's part in a private network; ``None`` for one in an open network."""
    if (of := status.get("certificate")) is None:
        return None
    from p2p_twisted.console.admin_lines import certificate_text
    from p2p_twisted.peer.certificate_status import CertificateStatus

    return certificate_text(
        CertificateStatus(of["admin"], of["groups"], of["expires"], of["renewal_fault"])
    )


def topology_lines(topology: Mapping[str, Any]) -> Iterator[str]:
    """List all peers with their neighbors."""
    peers = topology["peers"]
    yield from table([(each["name"], " ".join(each["neighbors"])) for each in peers], width())
    silent = f"; no answer from {', '.join(topology['silent'])}" if topology["silent"] else ""
    links = count(len(topology["links"]), "link")
    yield from wrapped(f"{count(len(peers), 'peer')}, {links}{silent}", width())


def dot_lines(topology: Mapping[str, Any]) -> Iterator[str]:
    """Write the network as a graph for Graphviz."""
    yield "graph network {"
    yield from (f'  "{each["name"]}";' for each in topology["peers"])
    yield from (f'  "{one}" -- "{other}";' for one, other in topology["links"])
    yield "}"


def mermaid_lines(topology: Mapping[str, Any]) -> Iterator[str]:
    """Write the network as a graph for Mermaid."""
    yield "graph LR"
    numbers = {each["name"]: number for number, each in enumerate(topology["peers"])}
    yield from (f'  n{number}["{name}"]' for name, number in numbers.items())
    yield from (f"  n{numbers[one]} --- n{numbers[other]}" for one, other in topology["links"])


def hit_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """List what was found, each content once, with its holders."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for hit in found["hits"]:
        groups.setdefault((hit["name"], hit["kind"], hit["id"] or hit["peer"]), []).append(hit)
    rows = [_row(hits) for hits in groups.values()]
    # As at the console: where there is no room, the ids go first, then the holders.
    yield from fitted_table(rows, width(), right=(0, 2), long=1, optional=(3, 4))
    silent = f"; no answer from {', '.join(found['silent'])}" if found["silent"] else ""
    files = count(len(groups), "result")
    asked = ""
    if found["asked"]:
        asked = f" (asked {found['answered']} of {found['asked']}, {human_time(found['seconds'])})"
    yield from wrapped(f"{files}{asked}{silent}", width())
    if found.get("cut"):
        yield from wrapped(TOLD_IN_PART, width())


def download_lines(downloads: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """List downloads with their numbers."""
    rows = [(str(each["number"]), *_download(each)) for each in downloads]
    yield from table(rows, width(), right=(0,)) if rows else ()


def transfer_lines(transfers: Mapping[str, Any]) -> Iterator[str]:
    """List downloads, uploads, and what is relayed."""
    yield from download_lines(transfers["downloads"])
    for each in transfers["uploads"]:
        whom = reached(each["peer"], each.get("how", DIRECT))
        sent = f"{human_size(each['sent'])} of {shown_name(each['name'])} to {whom}"
        yield from wrapped(f"<  {sent}, {human_size(each['rate'])}/s", width())
    # Peers of earlier versions do not tell.
    relayed = transfers.get("relayed", ())
    for each in relayed:
        line = relayed_line(each["holder"], each["requester"], each["copied"])
        yield from wrapped(f"=  {line}, {human_size(each['rate'])}/s", width())
    if not (transfers["downloads"] or transfers["uploads"] or relayed):
        yield "no transfers"


def download_line(download: Mapping[str, Any]) -> str:
    """Say how a download stands or has ended."""
    name, text = _download(download)
    return f"{name} {text}"


def limits_line(limits: Mapping[str, Any]) -> str:
    """Say what is limited."""
    return f"up {_rate(limits['up'])}, down {_rate(limits['down'])}"


def _row(hits: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    best = hits[0]
    name = shown_name(best["name"]) + ("/" if best["kind"] == "folder" else "")
    holders = [hit["peer"] for hit in hits]
    more = f" and {len(holders) - _HOLDERS:,} more" if len(holders) > _HOLDERS else ""
    state = (best["id"] or f"hashing {best['hashed']} %")[:_SHORT_ID]
    number = str(best.get("number") or "")
    return number, name, human_size(best["size"]), state, " ".join(holders[:_HOLDERS]) + more


def _download(download: Mapping[str, Any]) -> tuple[str, str]:
    name, state = shown_name(download["name"]), download["state"]
    if state == "saved":
        if download["was_here"]:
            return name, f"is already in {shown_name(download['path'])}{_beside(download)}"
        took = f"{human_size(download['size'])}, {human_time(download['seconds'])}"
        where = shown_name(download["path"])
        return name, f"saved to {where} ({took}){_detours(download)}{_beside(download)}"
    done = ""
    if download["size"] and not download["is_ended"]:
        done = f" {100 * download['received'] // download['size']} %"
    why = f": {download['reason']}" if download["reason"] else ""
    missing = f": {_missing(download)}" if download["missing"] else ""
    unreachable = ", ".join(each["name"] for each in download["unreachable"])
    reach = f": {unreachable} cannot be reached" if unreachable else ""
    return name, f"{state}{done}{why}{missing}{reach}{_detours(download)}{_beside(download)}"


def _missing(download: Mapping[str, Any]) -> str:
    """Say why some files of a folder are missing."""
    # Peers of earlier versions do not tell.
    changed = {each["name"]: each["peer"] for each in download.get("changed", ())}
    gone = [shown_name(name) for name in download["missing"] if name not in changed]
    told = [f"nobody shares {and_more(gone[:3], len(gone))}"] if gone else []
    other = [f"{peer} has changed {shown_name(name)}" for name, peer in changed.items()]
    return "; ".join([*told, *([and_more(other[:3], len(other), "; ")] if other else [])])


def left_out(download: Mapping[str, Any]) -> str:
    """Say, behind what was saved of a folder, how much of it its holder does not share."""
    from p2p_twisted.console.download_lines import not_shared

    # Peers of earlier versions do not tell.
    holders = [each["peer"] for each in download["holders"]]
    return not_shared(download.get("unshared", 0), holders)


def _beside(download: Mapping[str, Any]) -> str:
    from p2p_twisted.console.download_lines import beside

    return left_out(download) + beside(download.get("older", ()))


def _detours(download: Mapping[str, Any]) -> str:
    """Name the holders that are not reached directly, and how they are."""
    # Peers of earlier versions do not tell.
    hows = ((each["peer"], each.get("how", DIRECT)) for each in download["holders"])
    named = [reached(*each) for each in hows if each[1] != DIRECT]
    return f", from {', '.join(named[:_HOLDERS])}" if named else ""


def _rate(rate: int | None) -> str:
    return "unlimited" if rate is None else f"{human_size(rate)}/s"
