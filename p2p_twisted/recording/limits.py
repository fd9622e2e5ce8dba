"""Bounds of recordings, and of what is read of them."""

from typing import Final

from p2p_twisted.wire.limits import KIB, MIB

RECORDING_BYTES: Final = 100 * MIB
"""Of a daemon's recording and the one before it together, without ``--events-size``."""
RECORDING_LEAST_BYTES: Final = 4 * MIB
UNWRITTEN_BYTES: Final = 4 * MIB
"""What a disk that stands still may be behind before events are left out."""
SNAPSHOT_BYTES: Final = MIB
"""How much is written, at least, between two snapshots."""
SNAPSHOT_ROWS: Final = 1_000
"""Peers, or whatever else, in one line of a snapshot."""

RECORDED_LINE_BYTES: Final = 4 * MIB
RECORDED_PIECE_BYTES: Final = 256 * KIB
"""What the page is told of a recording at a time, about."""
UNPLAYABLE_BYTES: Final = 64 * MIB
"""A recording with so much between two snapshots is not played: to begin in it would take long."""
RECORDED_PEERS: Final = 100_000
RECORDED_TRANSFERS: Final = 1_000
"""Downloads, and likewise uploads, that a snapshot has."""
