"""Say something to all machines of the networks that this one is in, and hear what they say."""

import socket
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, Self

from p2p_twisted.runtime.addresses import (
    NO_ADDRESS,
    address_towards,
    interface_index,
    own_addresses,
)

_TTL: Final = 1
"""No router passes it on."""

_ADDRESSES_MOST: Final = 16
"""A machine with many containers has a bridge for each of their networks."""

_ANYWHERE: Final = "192.0.2.1"
_FAMILIES: Final = (socket.AF_INET, socket.AF_INET6)
_PACKET_INFO: Final = struct.Struct("@16sI")
_ANCILLARY_BYTES: Final = 64


class Group(NamedTuple):
    """
    Where packets go that are for all.

    :ivar ipv4: a multicast address.
    :ivar ipv6: likewise.
    """

    ipv4: str
    ipv6: str
    port: int


class Packet(NamedTuple):
    """
    What somebody has said.

    :ivar host: the IP address that it comes from, as the sender claims.
    """

    content: bytes
    host: str


class GroupSocket:
    """
    Hears a group, by one IP version; packets to this machine alone are not heard.

    :raises OSError: when that is not possible here.
    """

    def __init__(self, group: Group, family: socket.AddressFamily) -> None:
        self._group = group
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._bind()
        except OSError:
            self._socket.close()
            raise

    @classmethod
    def opened(cls, group: Group, addresses: Sequence[str]) -> list[Self]:
        """
        Hear a group at all addresses of this machine, as far as that is possible.

        :raises OSError: when it is not at all.
        """
        sockets, fault = [], OSError(NO_ADDRESS)
        for family in _FAMILIES:
            if any(_family(address) == family for address in addresses):
                try:
                    sockets.append(cls(group, family))
                except OSError as error:
                    fault = error
        if not sockets:
            raise fault
        for each in sockets:
            each.join(addresses)
        return sockets

    def join(self, addresses: Iterable[str]) -> None:
        """Hear the group at these addresses, too; once more does no harm."""
        for address in addresses:
            if _family(address) == self._socket.family:
                # An interface may be down, know no multicast, or be in the group already.
                with suppress(OSError):
                    self._join(address)

    def fileno(self) -> int:
        """Return its descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()

    def receive(self, most_bytes: int) -> Packet | None:
        """
        Take a packet that has come; ``None`` where none has.

        :param most_bytes: what is longer is cut to one byte more.
        """
        try:
            content, ancillary, _flags, source = self._socket.recvmsg(
                most_bytes + 1, _ANCILLARY_BYTES
            )
        except OSError:
            return None
        is_to_us = self._socket.family == socket.AF_INET or any(
            self._is_of_group(kind, value) for _level, kind, value in ancillary
        )
        return Packet(content if is_to_us else b"", str(source[0]))

    def _is_of_group(self, kind: int, value: bytes) -> bool:
        if kind != socket.IPV6_PKTINFO or len(value) < _PACKET_INFO.size:
            return False
        return value.startswith(socket.inet_pton(socket.AF_INET6, self._group.ipv6))

    def _bind(self) -> None:
        self._socket.setblocking(False)
        # Others on this machine hear it, too.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if self._socket.family == socket.AF_INET:
            self._socket.bind((self._group.ipv4, self._group.port))
            return
        self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        # There, the group's own address is one for each interface.
        self._socket.bind(("::", self._group.port))

    def _join(self, address: str) -> None:
        if self._socket.family == socket.AF_INET:
            wanted = socket.inet_aton(self._group.ipv4) + socket.inet_aton(address)
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wanted)
            return
        group = socket.inet_pton(socket.AF_INET6, self._group.ipv6)
        wanted = _PACKET_INFO.pack(group, interface_index(address))
        self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, wanted)


def usable_addresses() -> list[str]:
    """List this machine's addresses at which a group can be heard: not of very many bridges."""
    # Where the system does not list them, it tells one of them.
    own = own_addresses() or list(filter(None, [address_towards(_ANYWHERE)]))
    return own[:_ADDRESSES_MOST]


def send(group: Group, content: bytes, addresses: Iterable[str]) -> None:
    """Send a packet to a group from each of these addresses, as far as that is possible."""
    for address in addresses:
        # There may be no multicast, a firewall, or the address is gone: others may do.
        with suppress(OSError):
            _send_from(address, group, content)


def _send_from(address: str, group: Group, content: bytes) -> None:
    family = _family(address)
    # Another socket for each, as its address is to be seen as the sender.
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.bind((address, 0))
        if family == socket.AF_INET:
            via = socket.inet_aton(address)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, via)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)
            sender.sendto(content, (group.ipv4, group.port))
        else:
            index = interface_index(address)
            sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, _TTL)
            sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            sender.sendto(content, (group.ipv6, group.port, 0, index))


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
