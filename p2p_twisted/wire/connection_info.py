"""Read what the system knows of a connection."""

import socket
from typing import Any, Final

from p2p_twisted.wire.blocks import socket_below
from p2p_twisted.wire.tcp_info import TCP_INFO_BYTES, TcpInfo, parsed

_TCP_INFO: Final = getattr(socket, "TCP_INFO", None)


def tcp_info(transport: Any) -> TcpInfo | None:
    """Read it; ``None`` where the system does not tell, or the transport has no such socket."""
    handle = socket_below(transport)
    if handle is None or _TCP_INFO is None:
        return None
    try:
        raw = handle.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, TCP_INFO_BYTES)
    except OSError:
        return None
    return parsed(raw)
