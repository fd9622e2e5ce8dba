"""Bounds of what the API takes."""

from typing import Final

BODY_BYTES: Final = 65_536
BODY_DEPTH: Final = 8
IDLE_SECONDS: Final = 60
