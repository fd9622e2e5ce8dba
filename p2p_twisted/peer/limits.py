"""How much others may have a peer search; SECURITY.md publishes it."""

from typing import Final

NAMES_SEARCHED_PER_SECOND: Final = 100_000
NAMES_SEARCHED_BURST: Final = 500_000
