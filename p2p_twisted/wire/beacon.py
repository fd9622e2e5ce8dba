"""
The packets by which a registry is found without an address, over UDP multicast.

Each is ``P2P1 {json}``, at most 512 bytes. A newcomer asks, and all registries answer::

    P2P1 {"role":"newcomer"}
    P2P1 {"role":"registry","network":"default","port":9011}

Whoever hears the answer takes the sender's address, and the port from it. In a private network,
``root`` is how the hash of the key of its root begins.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import attrs
import msgspec
from msgspec import Meta

from p2p_twisted.wire.limits import BEACON_ADDRESSES, BEACON_BYTES
from p2p_twisted.wire.names import NetworkName, Port

_VERSION: Final = b"P2P1 "
ROOT_BYTES: Final = 8
"""How much of the hash of a root's key is in a packet."""

RootStart = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{{2 * ROOT_BYTES}}}\Z")]

_ADDRESS_CHARACTERS: Final = 45
_Address = Annotated[str, Meta(max_length=_ADDRESS_CHARACTERS)]
_Addresses = Annotated[tuple[_Address, ...], Meta(max_length=BEACON_ADDRESSES)]


@attrs.frozen
class Beacon:
    """
    Say that a registry is here; not on a connection, but to a network.

    :ivar network: whose.
    :ivar port: where it listens, at the address that this comes from.
    :ivar root: of a private network, the first bytes of the SHA-256 of its root's public key, in
        hexadecimal digits.
    :ivar at: all addresses of one that says so at several: it is one where each of them names the
        other.
    :ivar role: who says so.
    """

    network: NetworkName
    port: Port
    root: RootStart | None = None
    at: _Addresses = ()
    role: Literal["registry"] = "registry"


@attrs.frozen
class _Role:
    role: Literal["registry", "newcomer"]


_ROLE: Final = msgspec.json.Decoder(_Role)
_BEACON: Final = msgspec.json.Decoder(Beacon)

QUESTION: Final = _VERSION + b'{"role":"newcomer"}'
"""Ask all registries to say where they are."""


def write_beacon(beacon: Beacon) -> bytes:
    """Write what :func:`read_beacon` reads."""
    fields: Mapping[str, object] = attrs.asdict(beacon, filter=lambda _field, value: bool(value))
    return _VERSION + msgspec.json.encode(fields)


def is_question(packet: bytes) -> bool:
    """Return whether somebody asks for registries; what is anything else is not."""
    body = _body(packet)
    try:
        return body is not None and _ROLE.decode(body).role == "newcomer"
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False


def read_beacon(packet: bytes) -> Beacon | None:
    """Read what a registry says; ``None`` for anything else, such as another version's."""
    body = _body(packet)
    try:
        return None if body is None else _BEACON.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _body(packet: bytes) -> bytes | None:
    if len(packet) > BEACON_BYTES or not packet.startswith(_VERSION):
        return None
    return packet.removeprefix(_VERSION)
