"""Bounds on what is offered, and kept of it. SECURITY.md publishes them."""

from typing import Final

OFFER_DAYS: Final = 30
RECIPIENTS: Final = 64
OFFER_CHARACTERS: Final = 2_048
AUDIENCE_NAMED: Final = 1_000
