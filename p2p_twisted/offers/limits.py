"""Bounds on what is offered, and kept of it. SECURITY.md publishes them."""

from typing import Final

OFFER_DAYS: Final = 30
INTO_BYTES: Final = 100
RECIPIENTS: Final = 64
OFFER_CHARACTERS: Final = 2_048
AUDIENCE_NAMED: Final = 1_000
OFFERS_KEPT: Final = 200
OWN_OFFERS: Final = 50
OFFERS_TOLD_PER_SECOND: Final = 5
OFFERS_TOLD_BURST: Final = OFFERS_KEPT
OFFERS_FETCHED: Final = 8
OFFERS_ASKED: Final = 20
