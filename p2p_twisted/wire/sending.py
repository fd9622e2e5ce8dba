"""What the system does when it sends by a socket, and what it knows of how that gets on."""

import os
import socket
import struct
from contextlib import suppress
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Any, Final

from p2p_twisted.wire import limits
from p2p_twisted.wire.blocks import socket_below
from p2p_twisted.wire.source import Source

# Of Linux: struct tcp_info, and where tcpi_bytes_acked stands in it.
_TCP_INFO: Final = getattr(socket, "TCP_INFO", None)
_BYTES_ACKED: Final = struct.Struct("=120xQ")

# Of Linux and macOS: from how much on that waits to be sent a socket takes no more. With less of
# it a process wakes up more often: at 80 Mbit/s, 128 KiB took an eighth more of the processor.
_UNSENT: Final = getattr(socket, "TCP_NOTSENT_LOWAT", None)
_UNSENT_SECONDS: Final = 0.1
_LEAST_UNSENT_BYTES: Final = 32 * limits.KIB
_MOST_UNSENT_BYTES: Final = 512 * limits.KIB


def send_now(to: socket.socket | None, line: bytes, flags: int) -> int:
    """Write as much of a line as the system takes now; return how many bytes that is."""
    try:
        return 0 if to is None else to.send(line, flags)
    except OSError:
        # To write to the transport will tell what is wrong, if anything is.
        return 0


def unread(to: socket.socket) -> int:
    """Ask the system how many bytes the other side has not acknowledged yet."""
    try:
        count: int = struct.unpack("i", ioctl(to.fileno(), TIOCOUTQ, bytes(4)))[0]
    except OSError:
        return 0
    return count


def acknowledged(to: socket.socket | None) -> int:
    """Ask the system how many bytes the other side has acknowledged at all; 0 if it cannot tell."""
    if to is None or _TCP_INFO is None:
        return 0
    try:
        info = to.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _BYTES_ACKED.size)
        count: int = _BYTES_ACKED.unpack(info)[0]
    except (OSError, struct.error):
        return 0
    return count


def leave_little_unsent(transport: Any, bytes_per_second: float) -> None:
    """
    Have the system take little more than it sends now: what it has taken has mostly left.

    :param bytes_per_second: that have left of late, to whomever.
    """
    unsent = min(int(bytes_per_second * _UNSENT_SECONDS), _MOST_UNSENT_BYTES)
    if _UNSENT is not None and (by := socket_below(transport)) is not None:
        # One that is lost already may refuse it.
        with suppress(OSError):
            by.setsockopt(socket.IPPROTO_TCP, _UNSENT, max(unsent, _LEAST_UNSENT_BYTES))


def send_file(to: socket.socket, source: Source, offset: int, length: int) -> int | None:
    """
    Have the kernel send from a file into a socket.

    :returns: how many bytes; ``None`` when it does not, for whatever reason.
    """
    if source.fd is None:
        return None
    # Before: behind the last byte of a chunk it would be too late to notice.
    source.check()
    try:
        return os.sendfile(to.fileno(), source.fd, offset, length) or None
    except BlockingIOError:
        return 0
    except OSError:
        # To read the file, or to write to the transport, will tell which of them it was.
        return None
