"""Bounds of what the gateway answers; SECURITY.md publishes them."""

from typing import Final

GATEWAY_CONNECTIONS: Final = 256
"""A quarter of all descriptors at most."""
ANSWERS_AT_ONCE: Final = 64
ANSWER_PIECE_BYTES: Final = 262_144
TAKEN_WITHIN_SECONDS: Final = 60
"""In which a reader must have taken a piece, before it is dropped."""
FOUND_WITHIN_SECONDS: Final = 60
"""In which content must have begun to come, and each piece of it must be there."""

ORIGIN_LIST_BYTES: Final = 16_777_216
ORIGIN_FILES: Final = 10_000
ORIGIN_REDIRECTS: Final = 6
ORIGIN_STALL_SECONDS: Final = 30
ORIGIN_FETCHES_AT_ONCE: Final = 16
"""Clients of the Hub ask for eight at a time, and wait only seconds for the first bytes of each."""
ORIGIN_HELD_BACK_BYTES: Final = 1_048_576
"""Of a file, until all of it was checked."""
ORIGIN_DOUBTED: Final = 1_000
"""Files that have not come to their end, of which none is continued in the middle."""
ORIGIN_HASHED_WITHIN_SECONDS: Final = 3_600

LINK_PORT: Final = 9012
LINKS_AT_ONCE: Final = 64
LINK_CONNECTIONS: Final = 128
LINK_CONNECTIONS_OF_HOST: Final = 16

HUB_FILES_KEPT: Final = 50_000
"""Files of the repositories that are remembered, together."""
HASHED_LEAST_BYTES: Final = 10_485_760
"""Files that the Hub names by their SHA-256."""
HASHES_WAITING: Final = 1_000
HASHES_KEPT: Final = 10_000
