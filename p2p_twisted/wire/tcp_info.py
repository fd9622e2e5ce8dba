"""What the system knows of a TCP connection: see tcp(7), TCP_INFO."""

import struct
from typing import Final

from attrs import frozen

TCP_INFO_BYTES: Final = 232
"""Of linux/tcp.h, struct tcp_info, as far as it is read."""

_ROUND_TRIP: Final = struct.Struct("=I")
_ROUND_TRIP_AT: Final = 68
_SEGMENTS: Final = struct.Struct("=II")
_SEGMENTS_AT: Final = 152
_TIMES: Final = struct.Struct("=QQ")
_TIMES_AT: Final = 168
_SENT: Final = struct.Struct("=QQ")
_SENT_AT: Final = 200
_OUT_OF_ORDER: Final = struct.Struct("=I")
_OUT_OF_ORDER_AT: Final = 224
_MICROSECOND: Final = 1e-6


@frozen
class TcpInfo:
    """
    How a connection has done so far.

    :ivar round_trip: smoothed, in seconds.
    :ivar reordered: the share of packets that came out of order, as others were lost or late.
    :ivar sent_again: the share of bytes that were sent again, as they seemed to be lost.
    :ivar busy: for how long something was to be sent, in seconds; for ``closed`` of them the
        other side had no room for it.
    """

    round_trip: float
    reordered: float
    sent_again: float
    busy: float
    closed: float


def parsed(raw: bytes) -> TcpInfo | None:
    """Read what Linux has written; ``None`` where it is too old to write all of it."""
    if len(raw) < TCP_INFO_BYTES:
        return None
    [round_trip] = _ROUND_TRIP.unpack_from(raw, _ROUND_TRIP_AT)
    came, _left = _SEGMENTS.unpack_from(raw, _SEGMENTS_AT)
    busy, closed = _TIMES.unpack_from(raw, _TIMES_AT)
    sent, again = _SENT.unpack_from(raw, _SENT_AT)
    [out_of_order] = _OUT_OF_ORDER.unpack_from(raw, _OUT_OF_ORDER_AT)
    return TcpInfo(
        round_trip * _MICROSECOND,
        min(1.0, out_of_order / came) if came else 0.0,
        min(1.0, again / sent) if sent else 0.0,
        busy * _MICROSECOND,
        closed * _MICROSECOND,
    )
