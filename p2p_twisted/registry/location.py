"""Read where a registry is, as people write it."""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final

from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.runtime.addresses import is_ip
from p2p_twisted.runtime.amounts import whole_number

_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\s@/?#\[\]:%]+")
_PORTS: Final = range(1, 65_536)


class BadLocation(Exception):
    """The text does not say where a registry is; perhaps it is said why."""


def read_location(text: str, usual_port: int = REGISTRY_PORT) -> tuple[str, int]:
    """
    Read ``HOST:PORT``, ``HOST``, or a URL with these.

    :returns: the host, an IP address without brackets or a name, and the port; the usual one
        where the text has none.
    :raises BadLocation: for anything else.
    """
    # A URL is what people copy; only host and port of it mean something here.
    place = text.strip()
    if (scheme := _SCHEME.match(place)) is not None:
        place = place[scheme.end() :]
    host, port = _split(place.partition("/")[0], str(usual_port))
    _check_usable(host)
    number = whole_number(port, _PORTS)
    if number is None or not _is_host(host):
        raise BadLocation
    return _unmapped(host), number


def show_location(host: str, port: int) -> str:
    """Write a location as :func:`read_location` reads it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def read_locations(text: str) -> tuple[tuple[str, int], ...]:
    """Read one or several of these, with commas in between; see :func:`read_location`."""
    return tuple(map(read_location, text.split(",")))


def show_locations(places: Iterable[tuple[str, int]]) -> str:
    """Write locations as :func:`read_locations` reads them."""
    return ",".join(show_location(*place) for place in places)


def _split(place: str, usual: str) -> tuple[str, str]:
    if place.startswith("["):
        host, bracket, rest = place[1:].partition("]")
        if not bracket or rest[:1] not in ("", ":"):
            raise BadLocation
        return host, rest.removeprefix(":") if rest else usual
    host, colon, port = place.rpartition(":")
    if not colon:
        return place, usual
    # The last group of an IPv6 address without brackets is the port, unless nothing else would do.
    return (place, usual) if is_ip(place) and not is_ip(host) else (host, port)


def _check_usable(host: str) -> None:
    """Refuse what is an IP address, but not that of a machine, or means one on one link only."""
    if not is_ip(host):
        return
    address = ip_address(host)
    if address.is_unspecified or address.is_multicast:
        raise BadLocation(
            f"{host} is no address of one machine: say the registry's, or 127.0.0.1 for this one"
        )
    if ":" in host and ("%" in host or address.is_link_local):
        raise BadLocation(f"others cannot use {host}: say another address of that machine")


def _is_host(host: str) -> bool:
    return is_ip(host) or _NAME.fullmatch(host) is not None


def _unmapped(host: str) -> str:
    """Return the IPv4 address that an IPv6 one stands for (``::ffff:127.0.0.1``), if it does."""
    mapped = IPv6Address(host).ipv4_mapped if ":" in host else None
    return host if mapped is None else str(mapped)
