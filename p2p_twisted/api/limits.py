"""Bounds of what the API takes, and of what it keeps for those who read along."""

from typing import Final

BODY_BYTES: Final = 65_536
BODY_DEPTH: Final = 8
IDLE_SECONDS: Final = 60
API_CONNECTIONS: Final = 2_048
WEB_CONNECTIONS: Final = 1_200
"""On TCP, where any user of the machine may connect; a quarter of all descriptors at most."""
UPLOAD_AHEAD_BYTES: Final = 1_048_576
"""How much of an upload may have come that is not on the disk yet."""

SIGN_IN_SECONDS: Final = 60
"""How long the address of the page lets a browser in."""
CODES_KEPT: Final = 16
SESSIONS_KEPT: Final = 16
"""Browsers that are let in; another one takes the place of the first."""

READERS: Final = 1_024
"""Of the events, and of the log: so many at a time each."""
READER_BYTES: Final = 16_384
"""How much may be unread, beside what the system keeps, before nothing more is written."""
READER_STALL_SECONDS: Final = 30
EVENTS_KEPT: Final = 10_000
EVENTS_KEPT_BYTES: Final = 4_194_304
LEAST_LOOK_SECONDS: Final = 2
"""How often a peer asks for the topology, at most, for those that record all that happens."""
PEER_LOOK_SECONDS: Final = 0.01
"""The same in a larger network, for each peer: if all do so, each answers 100 times a second."""
EVENTS_LINGER_SECONDS: Final = 60
"""How long events are kept for readers that have gone, so that they can go on."""
LOG_LINES_KEPT: Final = 1_000
LOG_LINE_CHARACTERS: Final = 2_000
MEMBERS_AT_ONCE: Final = 1_000

LISTS_KEPT: Final = 16
"""Of so many callers the last list is remembered, for numbers in it."""
WORDS_AT_ONCE: Final = 1_000
"""Names that one request may download, and likewise numbers."""
LIST_ROWS: Final = 1_000
"""How many rows of a list have numbers."""
