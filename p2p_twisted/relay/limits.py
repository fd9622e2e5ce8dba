"""Bounds on what a peer relays for others; see SECURITY.md."""

from typing import Final

from p2p_twisted.wire.limits import KIB, MIB

RELAY_BYTES_PER_SECOND: Final = 10 * MIB
RELAY_SHARES_OF_UP: Final = 10
RELAY_SLOWEST_BYTES_PER_SECOND: Final = 64 * KIB
PAIRS_RELAYED: Final = 4
PAIRS_RELAYED_FOR_ALL: Final = 16
RELAY_PLACES_WAITING: Final = 8
RELAY_PLACES_PER_PEER: Final = 2
MEET_WITHIN_SECONDS: Final = 5.0
PIPE_BYTES: Final = 1 * MIB
