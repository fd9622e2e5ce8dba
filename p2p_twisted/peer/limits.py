"""How much others may have a peer search, and for how long links lead; SECURITY.md publishes it."""

from typing import Final

LOOKUP_SECONDS: Final = 1.0
GROUP_QUESTIONS_AT_ONCE: Final = 8
GROUP_HITS: Final = 2_000
DOWNLOADS_BEGUN_BY_READING: Final = 64
NAMES_KNOWN_BY_READING: Final = 1_000
LINK_DAYS: Final = 7
