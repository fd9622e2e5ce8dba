"""Tell which user of this machine is at the other end of a TCP connection on loopback."""

import socket
import sys
from ipaddress import ip_address
from struct import Struct
from typing import Final

# From linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
_SOCK_DIAG: Final = 4
_BY_FAMILY: Final = 20
_REQUEST: Final = 1
_HEADER: Final = Struct("=IHHII")
_ASKED: Final = Struct("=BBBxI")
_PORTS: Final = Struct("!HH")
_REST_OF_ID: Final = Struct("=III")
_ANY: Final = 0xFFFFFFFF
# Behind the header of the answer: family, state, timer, retransmissions, then the id of the
# socket (48 bytes), and five numbers, of which the fourth is the user.
_USER: Final = Struct("=52x4I")
_ADDRESS_BYTES: Final = 16
_ANSWER_SECONDS: Final = 1.0

KNOWN: Final = sys.platform == "linux"
"""Whether this system tells it."""


def owner_of(connected: socket.socket) -> int | None:
    """
    Return the number of the user at the other end of a connection within this machine.

    :returns: ``None`` where the system does not tell it.
    """
    if not KNOWN:
        return None
    try:
        # The other end's socket: what is remote here is its own address.
        own, other = connected.getpeername(), connected.getsockname()
        question = _ASKED.pack(connected.family, socket.IPPROTO_TCP, 0, _ANY)
        question += _PORTS.pack(own[1], other[1])
        question += b"".join(
            ip_address(host).packed.ljust(_ADDRESS_BYTES, b"\0") for host in (own[0], other[0])
        )
        question += _REST_OF_ID.pack(0, _ANY, _ANY)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as asking:
            asking.settimeout(_ANSWER_SECONDS)
            length = _HEADER.size + len(question)
            asking.send(_HEADER.pack(length, _BY_FAMILY, _REQUEST, 1, 0) + question)
            answer = asking.recv(4_096)
        _length, kind, *_rest = _HEADER.unpack_from(answer)
        if kind != _BY_FAMILY:
            return None
        *_others, user = _USER.unpack_from(answer, _HEADER.size)
        return int(user)
    except (OSError, ValueError):
        return None
