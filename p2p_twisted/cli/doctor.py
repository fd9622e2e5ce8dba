"""``p2p doctor``: look at what a person would look at when something does not work."""

import argparse
import os
import select
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from p2p_twisted.cli import machine_checks, multicast_check
from p2p_twisted.cli.answers import say
from p2p_twisted.cli.machine_checks import Finding
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient, find_peer
from p2p_twisted.peer.settings import STATE_DIRECTORY
from p2p_twisted.registry.lan_search import search_lan
from p2p_twisted.registry.location import show_location
from p2p_twisted.registry.registry_dial import registry_faults
from p2p_twisted.runtime.exit_status import Exit

_REACH_SECONDS: Final = 6.0
_LOOK_SECONDS: Final = 0.2
_CLOCK_SECONDS: Final = 120.0
"""How far two clocks may be apart; what depends on them is compared in hours."""

_OPEN: Final = "let ports 9000-9009 in, or those that the registry gives"

_LOOPBACKS: Final = ("127.", "::1")
_MARKS: Final = {True: "ok", False: "!!", None: "--"}


def doctor(options: argparse.Namespace) -> int:
    """Look at everything, say of each whether it is well or what to do; return the exit code."""
    findings = list(_findings(options))
    wrong = {each.exit for each in findings if each.is_ok is False}
    answer = {
        "checks": [{"name": each.name, "ok": each.is_ok, "text": each.text} for each in findings]
    }
    say(options, answer, lambda _answer: _lines(findings))
    return Exit.of(wrong)


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    from p2p_twisted.cli.show import width
    from p2p_twisted.console.layout import table

    yield from table([(_MARKS[each.is_ok], each.name, each.text) for each in findings], width())


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    client = _running(options)
    if client is None:
        _configure(options)
        yield from _network_of_temporary(options)
        status, pid = {}, None
    else:
        status, pid = client.get("/v1/status"), client.place.pid
        yield from _network(status)
    downloads = Path(status.get("downloads") or options.to or os.curdir).absolute()
    yield machine_checks.disk([downloads, *_own_places(status)])
    yield machine_checks.watches()
    yield machine_checks.descriptors(pid)
    yield machine_checks.stale(downloads)
    yield machine_checks.versions(status.get("version"))


def _running(options: argparse.Namespace) -> PeerClient | None:
    """Return the running peer to look at; without one, or with ``--registry``, ``None``."""
    if options.registry is not None:
        return None
    try:
        return find_peer(options.peer)
    except CommandFailed as failed:
        if failed.code != Exit.NO_NETWORK or options.peer is not None:
            raise
        return None


def _configure(options: argparse.Namespace) -> None:
    """
    Take what a peer that is started here would take.

    :raises CommandFailed: when the configuration cannot be meant.
    """
    from p2p_twisted.cli.config_file import BadConfig
    from p2p_twisted.cli.daemon import peer_settings

    try:
        settings = peer_settings()
    except BadConfig as error:
        raise CommandFailed(Exit.USAGE, str(error)) from None
    if options.registry is None:
        options.registry = settings["registry"]
        options.network = options.network or settings["network"]
        options.insecure_lan = options.insecure_lan or bool(settings["insecure-lan"])
    options.to = settings["downloads"]


def _own_places(status: dict[str, Any]) -> Iterator[Path]:
    """Name the directory that a peer shares, if its own files are in it; else it only reads it."""
    if status and os.path.isdir(os.path.join(status["directory"], STATE_DIRECTORY)):
        yield Path(status["directory"])


def _network_of_temporary(options: argparse.Namespace) -> Iterator[Finding]:
    """Join as a peer would, and leave again."""
    from p2p_twisted.cli.temporary_peer import temporary_peer

    given = argparse.Namespace(**{**vars(options), "to": "-"})
    try:
        with temporary_peer(given) as client:
            status = client.get("/v1/status")
            deadline = time.monotonic() + _REACH_SECONDS
            while _is_unknown(status) and time.monotonic() < deadline:
                # By select, as sleep fails where somebody tries another time of day.
                select.select((), (), (), _LOOK_SECONDS)
                status = client.get("/v1/status")
            findings = list(_network(status))
    except CommandFailed as failed:
        findings = list(_unreached(str(failed), failed.code))
    yield from findings


def _is_unknown(status: dict[str, Any]) -> bool:
    return status["reachable"] is None and not _is_on_loopback(status)


def _is_on_loopback(status: dict[str, Any]) -> bool:
    return bool(status["address"]) and status["address"]["host"].startswith(_LOOPBACKS)


def _network(status: dict[str, Any]) -> Iterator[Finding]:
    """Say how a peer stands with its registry."""
    if status["registry_fault"] is not None or status["address"] is None:
        fault = status["registry_fault"] or "the peer has not joined yet: try again in a moment"
        yield from _unreached(fault, Exit.NO_NETWORK, status.get("clock_fault"))
        return
    is_private = status.get("certificate") is not None
    faults = registry_faults(status["registry"], status["network"], is_private)
    why = "; ".join(fault for fault in faults.values() if fault is not None)
    there = [place for place, fault in faults.items() if fault is None]
    if not there:
        yield from _unreached(why, Exit.NO_NETWORK, status.get("clock_fault"))
        return
    text = f"{' and '.join(there)} {'answers' if len(there) == 1 else 'answer'}"
    text += f", network {status['network']}"
    yield Finding("registry", None if why else True, f"{text}, but: {why}" if why else text)
    if is_private:
        yield _certificate(status)
    yield _reach(status)
    own = status["address"]["host"]
    search = partial(search_lan, interface=own)
    network = None if is_private else status["network"]
    yield multicast_check.multicast(status["registry"], own, search, network)
    if wrong := status.get("clock_fault"):
        yield Finding("clock", False, wrong)
    else:
        yield _clock(status["clock_ahead"], _is_on_loopback(status))


def _unreached(why: str, code: int, clock: str | None = None) -> Iterator[Finding]:
    yield Finding("registry", False, why, Exit(code) if code in tuple(Exit) else Exit.UNEXPECTED)
    yield Finding("own port", None, "not tried: the registry would have to dial it")
    yield Finding(multicast_check.NAME, None, "not tried: no registry would answer")
    is_right = None if clock is None else False
    yield Finding("clock", is_right, clock or "the registry's is not known")


def _certificate(status: dict[str, Any]) -> Finding:
    from p2p_twisted.cli.show import certificate_line

    is_renewed = status["certificate"]["renewal_fault"] is None
    text = f"{status['name']}, {certificate_line(status)}"
    return Finding("certificate", is_renewed, text, Exit.REFUSED)


def _reach(status: dict[str, Any]) -> Finding:
    address = status["address"]
    place = show_location(address["host"], address["port"])
    match status["reachable"]:
        case True:
            return Finding("own port", True, f"others can reach {place}")
        case False if status["neighbors"]:
            text = (
                f"others cannot reach {place}, as behind NAT or a firewall: this peer exchanges"
                " files with those that it can dial as fast as any, and with others by way of a"
                f" third one, slower; to be reached by all, {_OPEN}"
            )
            return Finding("own port", None, text)
        case False:
            text = f"others cannot reach {place}, and this peer is linked with nobody: {_OPEN}"
            return Finding("own port", False, text, Exit.REFUSED)
        case _ if _is_on_loopback(status):
            return Finding("own port", True, f"{place}, for peers of this machine alone")
        case _:
            return Finding("own port", None, f"the registry has not tried {place}")


def _clock(ahead: float | None, is_same: bool) -> Finding:
    from p2p_twisted.console.text import human_time

    if ahead is None:
        is_ok = True if is_same else None
        return Finding("clock", is_ok, "the registry's" if is_same else "the registry's is unknown")
    if abs(ahead) < _CLOCK_SECONDS:
        return Finding("clock", True, f"within {human_time(abs(ahead))} of the registry's")
    way = "ahead of" if ahead > 0 else "behind"
    text = f"{human_time(abs(ahead))} {way} the registry's: set one of them right"
    return Finding("clock", False, text)
