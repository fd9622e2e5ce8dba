"""
How the two sides of a transfer reach each other, in words that people see.

Commands that end at once show them, too: so this imports nothing that takes long.
"""

from typing import Final

DIRECT: Final = "direct"
"""The holder of a file has dialed who wants it, or both are neighbors."""

REVERSED: Final = "reversed"
"""Whoever wants a file has dialed its holder, which could not dial."""


def through(relay: str) -> str:
    """Say that two peers reach each other by a third, as neither reaches the other."""
    return f"through {relay}"
