"""How long holders are waited for, and what is remembered of them; SECURITY.md publishes it."""

from typing import Final

PUSH_WITHIN_SECONDS: Final = 5.0
ANSWER_WITHIN_SECONDS: Final = 1.0
BATCHES_AT_ONCE: Final = 3
UNREACHABLE_AGAIN_SECONDS: Final = 8.0
HURRIED_AGAIN_SECONDS: Final = 15.0
UNREACHABLE_SECONDS: Final = 60.0
RELAYS_ASKED: Final = 3
RELAYS_WITHIN_SECONDS: Final = 5.0
RELAYED_STALL_SECONDS: Final = 3.0
LIAR_SECONDS: Final = 600.0
SEEK_AGAIN_SECONDS: Final = 30.0
NOBODY_SECONDS: Final = 120.0
ENDED_DOWNLOADS: Final = 100
