"""Bounds on how many transfers run at once, and how slow they may be; see SECURITY.md."""

from typing import Final

from p2p_twisted.wire.limits import KIB

PUSHES_AT_ONCE: Final = 32
DOWNLOADS_AT_ONCE: Final = 8
READ_AT_ONCE: Final = 4
TRANSFERS_AT_ONCE_MOST: Final = 256
HOLDERS_PER_FILE: Final = 8
HOLDERS_IN_RETURN: Final = 8
"""Beyond these, of those that ask this peer for the same file."""
SLOWEST_UPLOAD_BYTES_PER_SECOND: Final = 2 * KIB
SLOWEST_DOWNLOAD_BYTES_PER_SECOND: Final = 16 * KIB
