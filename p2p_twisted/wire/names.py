"""
The one validator for every name and address that crosses a connection.

What passed here is safe to use: a peer's name as a file name, a path below a folder
of ours, an address as the target of a dial.
"""

import ipaddress
import re
import unicodedata
from functools import lru_cache
from typing import Annotated, Any, Final

import attrs
import msgspec

from p2p_twisted.wire.limits import (
    COMPONENT_BYTES,
    PATH_BYTES,
    PATH_COMPONENTS,
    PEER_NAME_CHARACTERS,
)
from p2p_twisted.wire.name_forms import INVISIBLE_IN_NAMES, JOINERS, SELECTORS, plain, skeleton

PeerName = Annotated[
    str, msgspec.Meta(pattern=rf"^[a-z0-9][a-z0-9-]{{0,{PEER_NAME_CHARACTERS - 1}}}\Z")
]
"""A peer's name, already in lower case."""

NetworkName = PeerName
"""The name of a network: peers of different networks do not link."""

FileId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""Names content: see :mod:`p2p_twisted.wire.chunks`."""

SHORT_ID_DIGITS: Final = 16
"""How much of a file id is shown to people, and is taken for it where only one begins so."""

MessageId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""A random name for one broadcast, question or ticket."""

Token = MessageId
"""The secret by which a peer proves that a registration is its own."""

Port = Annotated[int, msgspec.Meta(ge=1024, le=65535)]
"""A TCP port that needs no privilege, so that no peer can be sent to a mail or web server."""

# Everything else is allowed, also what this Python's Unicode does not know yet: peers with
# different Pythons must agree, or one file's name would cut the links between them.
_FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})
# Letters and marks that show nothing, and noncharacters; those that choose a form of the
# character before them are none of them.
_INVISIBLE: Final = frozenset(
    chr(code)
    for first, last in [
        (0x034F, 0x034F),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180E, 0x180E),
        (0x2065, 0x2065),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xFDD0, 0xFDEF),
        (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFF8),
        (0xE0000, 0xE0FFF),
        *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)),
    ]
    for code in range(first, last + 1)
)
_PEER_NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9-]{{0,{PEER_NAME_CHARACTERS - 1}}}")
_WINDOWS_DEVICES: Final = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
    + [f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"]
)
# No host has an address in 0.0.0.0/8.
_THIS_NETWORK: Final = ipaddress.IPv4Network("0.0.0.0/8")
# The separators, and what names a second stream of a file on NTFS.
_FORBIDDEN: Final = frozenset("\\/:")
USUAL_NAME: Final = re.compile(
    r"(?![ .]|(?i:aux|clock|com|con|lpt|nul|prn))"
    rf"[ -.0-9;-\[\]-~]{{1,{COMPONENT_BYTES}}}(?<![ .])"
)
"""Nearly every component of a path, at a fifth of the time that the rules take."""


class BadName(ValueError):
    """A name or an address that may not be used; the text says why, for people."""


def peer_name(typed: str) -> PeerName:
    """
    Read a peer's name as a person typed it.

    :returns: the name in lower case.
    :raises BadName: unless it has 1 to 31 ASCII letters, digits and inner hyphens.
    """
    name = typed.strip()
    if _PEER_NAME.fullmatch(name) is None:
        raise BadName(
            f"a peer's name has 1 to {PEER_NAME_CHARACTERS} letters a to z, digits and hyphens,"
            " and starts with a letter or digit"
        )
    return name.lower()


def check_component(component: str) -> None:
    """
    Check one component of a path.

    :raises BadName: when some file system, shell or screen could mistake it.
    """
    if not USUAL_NAME.fullmatch(component):
        check_unusual(component)


def check_unusual(component: str) -> None:
    """Check a component by the rules, as :func:`check_component` does."""
    # The cheap bound first: the rest is linear in what is left.
    if len(component.encode("utf-8", "surrogatepass")) > COMPONENT_BYTES:
        raise BadName(f"a name may have at most {COMPONENT_BYTES} bytes")
    # What shows nothing must not hide what a name is.
    seen = plain(component)
    if seen in ("", ".", ".."):
        raise BadName("a path may not have empty, '.' or '..' components")
    if seen[0] == ".":
        raise BadName("hidden files are not shared")
    if seen[0] == " " or seen[-1] in " .":
        raise BadName("a name may not start with a space, nor end with a space or a dot")
    if component[0] in JOINERS or component[0] in SELECTORS or component[-1] in JOINERS:
        raise BadName("a name may not start or end with an invisible character")
    for character in component:
        _check_character(character)
    if not unicodedata.is_normalized("NFC", component):
        raise BadName("a name must be in Unicode normal form C")
    if seen.partition(".")[0].rstrip().casefold() in _WINDOWS_DEVICES:
        raise BadName("that name means a device to Windows")


def _check_character(character: str) -> None:
    if character in _FORBIDDEN:
        raise BadName(f"a name may not have {character!r}")
    if (
        character != " "
        and character not in INVISIBLE_IN_NAMES
        and (character in _INVISIBLE or unicodedata.category(character) in _FORBIDDEN_CATEGORIES)
    ):
        raise BadName(f"a name may not have the invisible character U+{ord(character):04X}")


def check_path(path: str) -> None:
    """
    Check a relative path with ``/`` between its components.

    :raises BadName: when any of its components may not be used, or it is too long.
    """
    _check_path(path, PATH_BYTES, PATH_COMPONENTS)


def check_placed(path: str) -> None:
    """
    Check where something lands: below a folder of its own, a path may be longer by that.

    :raises BadName: as :func:`check_path` does.
    """
    _check_path(path, COMPONENT_BYTES + 1 + PATH_BYTES, 1 + PATH_COMPONENTS)


def _check_path(path: str, most_bytes: int, most_components: int) -> None:
    # A character has four bytes at most.
    if 4 * len(path) > most_bytes and len(path.encode("utf-8", "surrogatepass")) > most_bytes:
        raise BadName(f"a path may have at most {most_bytes} bytes")
    if path.count("/") >= most_components:
        raise BadName(f"a path may have at most {most_components} components")
    folder, slash, last = path.rpartition("/")
    if slash:
        _check_folder(folder)
    check_component(last)


# Very many paths may lead through one folder.
@lru_cache(maxsize=1_024)
def _check_folder(path: str) -> None:
    for component in path.split("/"):
        check_component(component)


def collision_key(path: str) -> str:
    """Fold a path to what a case-insensitive file system, or a person, could take it for."""
    return skeleton(path)


_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_USUAL_HOST: Final = re.compile(
    rf"(?!169\.254\.)(?:[1-9]|[1-9][0-9]|1[0-9]{{2}}|2[01][0-9]|22[0-3])(?:\.{_OCTET}){{3}}"
)
"""Every IPv4 address that one peer could have, at a tenth of the time that ipaddress takes."""


@lru_cache(maxsize=4_096)
def check_host(host: str) -> None:
    """
    Check that a host is a canonical IP literal that one peer could have.

    :raises BadName: for names, odd spellings (``127.1``, ``0x7f.1``), and
        addresses that mean no host or all hosts.
    """
    if _USUAL_HOST.fullmatch(host):
        return
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise BadName("a host must be an IP address") from None
    if str(address) != host:
        raise BadName(f"write that address as {address}")
    if getattr(address, "ipv4_mapped", None) is not None:
        raise BadName("write an IPv4 address as such")
    if getattr(address, "scope_id", None) is not None:
        raise BadName("an address may not name an interface")
    if address.is_loopback:
        return
    if (
        address.is_unspecified
        or address.is_multicast
        or address.is_link_local
        or address.is_reserved
        or (address.version == 4 and address in _THIS_NETWORK)
    ):
        raise BadName("that address is not one peer's")


def plain_host(host: str) -> str:
    """Write a socket's address as messages do: IPv4 as such, also from a socket for both."""
    if not host.startswith("::ffff:"):
        return host
    return str(ipaddress.IPv6Address(host).ipv4_mapped or host)


@lru_cache(maxsize=4_096)
def host_group(host: str) -> str:
    """Return what a bound per host counts: whoever has an IPv6 address has its whole /64."""
    if ":" not in host or is_loopback(host):
        return host
    return str(ipaddress.IPv6Network((host, 64), strict=False))


def is_loopback(host: str) -> bool:
    """Return whether a checked host is this machine itself."""
    return host.startswith("127.") or host == "::1"


def valid_path(_instance: object, _attribute: "attrs.Attribute[Any]", value: str) -> None:
    """Check a message's path: an attrs validator."""
    check_path(value)


def valid_host(_instance: object, _attribute: "attrs.Attribute[Any]", value: str) -> None:
    """Check a message's host: an attrs validator."""
    check_host(value)


def valid_text(_instance: object, _attribute: "attrs.Attribute[Any]", value: str) -> None:
    """Check that a text for people moves no cursor and forges no line: an attrs validator."""
    if not value.isprintable():
        raise BadName("what is for people may not have invisible characters")


@attrs.frozen(order=True)
class PeerAddress:
    """
    Where a peer listens.

    :ivar name: its name.
    :ivar host: its IP address.
    :ivar port: its port.
    """

    name: PeerName
    host: str
    port: Port

    def __attrs_post_init__(self) -> None:
        """Check the host: very many are read, and a validator of a field takes twice as long."""
        check_host(self.host)

    def __hash__(self) -> int:
        # Of the name alone, whose hash Python keeps: addresses are looked up all the time.
        return hash(self.name)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.name}@{host}:{self.port}"
