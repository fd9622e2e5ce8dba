"""Bounds on what a requester may make a holder keep and do; see SECURITY.md."""

from typing import Final

from p2p_twisted.wire.limits import IDS_PER_LINE

FILES_WAITING: Final = 4 * IDS_PER_LINE
TICKETS_REMEMBERED: Final = 4_096
FETCHES_AWAITED_PER_LINK: Final = 64
UPLOAD_SHARES: Final = 4
UPLOAD_TURN_SECONDS: Final = 3.0
UPLOAD_GIVEN_UP_SECONDS: Final = 10.0
CHUNK_TURN_SECONDS: Final = 4.0
SLOW_READER_SECONDS: Final = 600.0
SLOW_READERS_REMEMBERED: Final = 1_024
