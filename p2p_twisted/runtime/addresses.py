"""Which addresses this machine has: what one may listen on and dial from."""

import errno
import ipaddress
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final

_IPV4_FILE: Final = Path("/proc/net/fib_trie")
_IPV6_FILE: Final = Path("/proc/net/if_inet6")
_LOCAL_IPV4: Final = re.compile(r"-- (\S+)\n\s+/32 host LOCAL")
_ANY_PORT: Final = 9

NO_ADDRESS: Final = (
    "this machine has no address that others can use: connect it to a network; where nobody there"
    " gives it one, and it has but what it gave itself (169.254... or fe80...), give it one such as"
    " 10.0.0.2, and others of the same network to the other machines"
)
"""What is said where :func:`own_addresses` lists none."""


def is_ip(text: str) -> bool:
    """Return whether a text is an IP address, however it is written."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_any(text: str) -> bool:
    """Return whether a text is an IP address that means all of a machine's."""
    return is_ip(text) and ipaddress.ip_address(text).is_unspecified


def has_address(host: str) -> bool:
    """Return whether an IP address is one of this machine's."""
    with socket.socket(_family(host), socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
            # That of all machines of a network can be bound, too.
            probe.connect((host, _ANY_PORT))
        except OSError as error:
            return error.errno not in (errno.EADDRNOTAVAIL, errno.EACCES)
    return True


def own_addresses() -> list[str]:
    """
    List this machine's addresses, sorted; empty where Linux does not say.

    Without loopback, and without those that are good for one link only.
    """
    found = {*_LOCAL_IPV4.findall(_read(_IPV4_FILE)), *map(_ipv6, _read(_IPV6_FILE).splitlines())}
    addresses = map(ipaddress.ip_address, found)
    usable = [each for each in addresses if not (each.is_loopback or each.is_link_local)]
    return [str(address) for address in sorted(usable, key=lambda each: (each.version, int(each)))]


def address_towards(host: str) -> str | None:
    """
    Return the address that this machine uses towards a host, by name or IP; sends nothing.

    Of a name with several addresses the first counts to which there is a way, IPv4 before IPv6:
    what listens at a port with nothing else said does so at IPv4 ones.
    """
    found = _looked_up(host)
    for family, *_, target in sorted(found, key=lambda each: each[0] != socket.AF_INET):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(target)
            return str(probe.getsockname()[0])
    return None


def addresses_of(like: str, name: str) -> list[str]:
    """
    Look up all addresses that a name stands for; blocks.

    :param like: an address of the IP version that they are to have.
    :returns: none where it cannot be looked up.
    """
    try:
        found = socket.getaddrinfo(name, None, _family(like), socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def interface_index(address: str) -> int:
    """Return the number of the interface with an IPv6 address of this machine; 0 if unknown."""
    for line in _read(_IPV6_FILE).splitlines():
        if _ipv6(line) == address:
            return int(line.split()[1], 16)
    return 0


def not_here(host: str) -> str:
    """Say that an address is none of this machine's, and which are."""
    others = own_addresses()
    has = f", which has {' and '.join(others)}" if others else ""
    return f"{host} is not an address of this machine{has}"


def _looked_up(host: str) -> Sequence[Any]:
    """Look a host up so that Ctrl-C ends the waiting: the system's resolver may take long."""
    answer: SimpleQueue[Sequence[Any]] = SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(socket.getaddrinfo(host, _ANY_PORT, type=socket.SOCK_DGRAM))
        except (OSError, UnicodeError):
            answer.put(())

    Thread(target=look_up, daemon=True).start()
    return answer.get()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _ipv6(line: str) -> str:
    """Read an address from a line of the system's list."""
    return str(ipaddress.IPv6Address(int(line.partition(" ")[0], 16)))


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
