"""Bounds on what is asked of one holder, and remembered of all; see SECURITY.md."""

from typing import Final

from p2p_twisted.wire.limits import IDS_PER_LINE, MIB, RANGES_PER_LINE

HOLDERS_REMEMBERED: Final = 64
CHUNKS_ASKED: Final = 16
CHUNKS_OWED: Final = 32
"""By one holder, where somebody waits for others than those that it was asked for before."""
CHUNKS_READ_AHEAD: Final = 16
"""Asked for before all others, from where somebody reads a file that is being downloaded."""
RANGES_WAITING: Final = 4 * RANGES_PER_LINE
FILES_ASKED: Final = IDS_PER_LINE
FILES_ASKED_BYTES: Final = 8 * MIB
