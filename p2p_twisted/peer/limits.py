"""How much others may have a peer search; SECURITY.md publishes it."""

from typing import Final

LOOKUP_SECONDS: Final = 1.0
