"""Decide at which of this machine's addresses a peer listens, and who can reach it there."""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

import attrs
from attrs import frozen

from p2p_twisted.runtime.addresses import (
    NO_ADDRESS,
    address_towards,
    addresses_of,
    has_address,
    is_ip,
    not_here,
    own_addresses,
)
from p2p_twisted.wire.names import BadName, check_host, is_loopback

_LOOPBACKS: Final = ("127.0.0.1", "::1")
_LOCALHOST: Final = ("localhost", "localhost.localdomain", "ip6-localhost")


class BadReach(Exception):
    """What was asked for would be unsafe, or could not work; the text says what to do instead."""


class NoWay(BadReach):
    """There is no way to the registry now, but there may be later: is the network up?"""


@frozen
class Reach:
    """
    Where a peer listens, and where it finds its registry.

    :ivar interface: an IP address of this machine.
    :ivar is_guessed: whether nobody named it, so that another one may take its place.
    :ivar others: where further registries are, of which any will do as well.
    """

    interface: str
    registry: tuple[str, int]
    is_guessed: bool = False
    others: tuple[tuple[str, int], ...] = ()

    @property
    def registries(self) -> tuple[tuple[str, int], ...]:
        """Where all registries are."""
        return self.registry, *self.others


def decide_reach(registry: tuple[str, int], interface: str | None, allows_lan: bool) -> Reach:
    """
    Decide where to listen.

    :param registry: host and port; the host may be a name, which is then looked up.
    :param interface: the address to listen on, if somebody named one.
    :param allows_lan: whether other machines may be let in.
    :raises BadReach: when that would be unsafe, or could not work.
    """
    host, port = registry
    if interface is not None:
        reach = _named(host, port, interface)
    else:
        reach = _guessed(host, port, allows_lan)
    if not is_loopback(reach.interface) and not allows_lan:
        raise BadReach(
            f"listening on {reach.interface} lets other machines in, and nothing is encrypted:"
            " if you trust all of that network, say --insecure-lan"
        )
    if not reach.is_guessed and _is_of_other_version(reach.registry[0], reach.interface):
        raise BadReach(
            f"{reach.interface} and {host} are of different IP versions:"
            " say --interface and --registry with addresses of one"
        )
    return reach


def decide_reach_of_all(
    registries: Sequence[tuple[str, int]], interface: str | None, allows_lan: bool
) -> Reach:
    """
    Decide where to listen so that the peers of any of several registries reach it.

    :raises BadReach: see :func:`decide_reach`; :class:`NoWay` only if there is no way to any.
    """
    first, *others = registries
    try:
        reach = decide_reach(first, interface, allows_lan)
    except NoWay:
        if not others:
            raise
        # Perhaps that one is away for a while only.
        reach = decide_reach_of_all(others, interface, allows_lan)
        return attrs.evolve(reach, others=(*reach.others, first))
    there = [decide_reach(each, reach.interface, allows_lan).registry for each in others]
    return attrs.evolve(reach, others=tuple(there))


def check_interface(interface: str) -> None:
    """
    Make sure that this machine has an address.

    :raises NoWay: when it has not, and which it has: perhaps it gets that one later.
    :raises BadReach: when no machine could have it alone.
    """
    try:
        check_host(interface)
    except BadName as error:
        raise BadReach(f"--interface: {error}") from None
    if not has_address(interface):
        raise NoWay(f"{not_here(interface)}: say --interface with an address that it has")


def _named(host: str, port: int, interface: str) -> Reach:
    check_interface(interface)
    if not is_loopback(interface):
        return Reach(interface, (host, port))
    cure = "say --interface with this machine's own address, and --insecure-lan"
    return Reach(interface, (_on_loopback(host, interface, cure), port))


def _guessed(host: str, port: int, allows_lan: bool) -> Reach:
    """Listen on loopback for a registry on this machine, otherwise where the way to it begins."""
    loopback = _LOOPBACKS[":" in host]
    interface = address_towards(host) if allows_lan else loopback
    if interface is None:
        raise NoWay(_no_way(host))
    if is_loopback(interface):
        # Said to commands that start a peer for themselves, too, which take no --interface.
        cure = "if you trust all of that network, where nothing is encrypted, say --insecure-lan"
        return Reach(loopback, (_on_loopback(host, loopback, cure), port))
    try:
        check_host(interface)
    except BadName:
        if not (others := own_addresses()):
            raise BadReach(NO_ADDRESS) from None
        raise BadReach(
            f"this machine has only {interface} on the way to {host}, which is not one peer's:"
            f" start p2p peer with {' or '.join(others)} as --interface"
        ) from None
    return Reach(interface, (host, port), is_guessed=True)


def _is_of_other_version(host: str, interface: str) -> bool:
    """Return whether a host can only be dialed by the IP version that an address is not of."""
    if is_ip(host):
        return (":" in host) != (":" in interface)
    other = _LOOPBACKS[":" not in interface]
    return not addresses_of(interface, host) and bool(addresses_of(other, host))


def _on_loopback(host: str, interface: str, cure: str) -> str:
    """
    Return under which address a registry on this machine is reached over loopback.

    :param interface: the loopback address to reach it from.
    :param cure: what to say where it is on another machine.
    :raises BadReach: when it is on another machine.
    """
    if is_ip(host):
        if ipaddress.ip_address(host).is_loopback:
            return host
    elif host.lower().rstrip(".") in (*_LOCALHOST, *_own_names()):
        return _LOOPBACKS[":" in interface]
    elif (own := address_towards(host)) is None:
        raise NoWay(_no_way(host))
    elif is_loopback(own):
        return own
    raise BadReach(f"peers of the registry at {host} could not reach this one: {cure}")


def _no_way(host: str) -> str:
    if is_ip(host):
        return f"there is no way to {host}: is the address right, and the network up?"
    return (
        f"there is no host {host}: is the name right, and the network up?"
        " An IP address will do, too"
    )


def _own_names() -> tuple[str, ...]:
    name = socket.gethostname().lower()
    return name, name.partition(".")[0], f"{name.partition('.')[0]}.local"
