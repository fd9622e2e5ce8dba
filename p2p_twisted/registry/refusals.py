"""Say why the registry cannot help, and what to do about it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import attrs

from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.registry.roster import Registration
from p2p_twisted.wire.messages import Error
from p2p_twisted.wire.names import BadName, PeerName, check_host, is_loopback

_NAMES_SHOWN: Final = 5
_LAST_PORT: Final = 65_535


@attrs.frozen
class RegistryRefused(Exception):
    """
    The registry said no: as its client sees it.

    :ivar within: in how many seconds what is in the way is gone, unless it is alive.
    """

    code: str
    reason: str
    within: float | None = None

    def __str__(self) -> str:
        return self.reason


class RegistryUnreachable(Exception):
    """No registry of the peer's network is at that address, or it does not answer in time."""


NO_NAME: Final = Error('who are you? Say: p2p {"name": "s1"}')

ADVERTISED: Final = Error(
    "this registry takes a peer's host from its connection: advertise none,"
    " or start the registry with --allow-advertise",
    "refused",
)

UNSAVED: Final = Error("the registry cannot write to its store: its disk may be full", "later")

UNCERTIFIED: Final = Error(
    "this network is private: come in with an invite first", "later", certify=True
)

CONTESTED: Final = Error(
    "the registry's store has another peer under that name or at that place: ask again in a moment",
    "later",
)


def no_store(why: str) -> Error:
    """Refuse everything while a registry does not know what others do."""
    return Error(f"this registry cannot use its store at the moment: {why}", "later")


def at_host(host: str, connected: str, *, is_open: bool, is_private: bool) -> Error | None:
    """
    Return why others could not reach a peer at a host, if so.

    :param connected: where its connection comes from.
    :param is_open: whether the registry listens beyond loopback.
    """
    try:
        check_host(host)
    except BadName as error:
        return Error(f"no peer can be reached at {host}: {error}", "refused")
    if is_open and is_loopback(host):
        return _unreachable(host, is_private)
    if not is_open and not is_loopback(connected):
        return _loopback_only(connected)
    return None


def _unreachable(host: str, is_private: bool) -> Error:
    """Refuse a peer that only its own machine could reach."""
    start = "start it with this machine's own address in --registry, and --insecure-lan"
    if is_private:
        start = (
            "come in by an invite with this machine's own address, or say --registry with that; for"
            " peers of this machine alone, start the registry with --listen"
            f" tcp:{REGISTRY_PORT}:interface=127.0.0.1"
        )
    return Error(f"other machines cannot reach a peer at {host}: {start}", "refused")


def other_host(seen: str, meant: str) -> str:
    """Say that the registry would send others to an address that the peer does not listen on."""
    return (
        f"it sees this peer at {seen}, but others are to reach it at {meant}: say --interface"
        f" {seen} if this machine has that address, or --advertise {seen} if {meant} is behind it"
    )


def _loopback_only(host: str) -> Error:
    """Refuse a peer that listens to other machines, which cannot reach this registry."""
    return Error(
        f"this registry listens on loopback only, the peer at {host} does not: start the registry"
        " with --insecure-lan, or the peer without --interface",
        "refused",
    )


def too_many(where: str, peers: int) -> Error:
    """Refuse a peer because so many are registered."""
    return Error(f"full: {where} has {peers:,} peers already", "later")


def name_taken(holder: Registration, now: float) -> Error:
    """Refuse a name that another peer has."""
    held = f"the name {holder.name} is taken by {_held(holder, now)}"
    return Error(f"{held}: choose another one", _code(holder))


def copied(original: Registration, now: float) -> Error:
    """Refuse a peer that shows the token of another one, which is alive."""
    held = f"the name {original.name} is in use by {_held(original, now)}"
    return Error(
        f"{held}, with the same .p2p: is this directory a copy? Choose another name", "taken"
    )


def perhaps_taken(holder: Registration, now: float) -> Error:
    """Refuse a name for now whose holder nobody can dial: only its lease tells if it is alive."""
    left = max(1.0, holder.expires - now)
    return Error(
        f"the name {holder.name} is held by {_held(holder, now)}, where nobody can dial: if that"
        f" was this peer, it has the name back in {left:.0f} s; otherwise choose another one",
        "later",
        within=left,
    )


def port_taken(holder: Registration, now: float) -> Error:
    """Refuse a port that was asked for and that another peer has."""
    held = f"port {holder.address.port} is taken by {holder.name}, at {_held(holder, now)}"
    return Error(f"{held}: ask for another one, or for none", _code(holder))


def full(ports: range, host: str, holders: Sequence[Registration]) -> Error:
    """Refuse a peer because no port of the pool is left for it on its host."""
    if not holders:
        return Error(f"full: {host} can listen on none of the ports {_span(ports)}", "full")
    if not all(holder.is_listening for holder in holders):
        reserved = f"all ports {_span(ports)} on {host} are taken, some only reserved"
        return Error(f"full at the moment: {reserved} for peers that are joining", "later")
    names = ", ".join(holder.name for holder in holders[:_NAMES_SHOWN])
    more = f" and {len(holders) - _NAMES_SHOWN} more" if len(holders) > _NAMES_SHOWN else ""
    wider = range(ports.start, min(ports.start + 10 * len(ports), _LAST_PORT + 1))
    return Error(
        f"full: all ports {_span(ports)} on {host} are taken, by {names}{more}:"
        f" start the registry with --ports {_span(wider)}, or leave with one of them",
        "full",
    )


def unknown(name: PeerName) -> Error:
    """Refuse a peer whose lease has run out, or that shows a wrong token."""
    return Error(f"{name} is not registered here under that token: join again", "unknown")


def _code(holder: Registration) -> Literal["taken", "reserved"]:
    return "taken" if holder.is_listening else "reserved"


def _held(holder: Registration, now: float) -> str:
    place = str(holder.address).partition("@")[2]
    if not holder.is_listening:
        return f"{place}, reserved for another {max(1, round(holder.expires - now))} s"
    since = datetime.fromtimestamp(holder.since, UTC)
    return f"{place} since {since:%Y-%m-%d %H:%M:%S} UTC"


def _span(ports: range) -> str:
    return f"{ports.start}-{ports.stop - 1}"
