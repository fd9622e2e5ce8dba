"""What a connection lives through."""

from enum import Enum, auto


class Phase(Enum):
    """It may skip some of these, and never goes back."""

    CONNECTING = auto()
    SECURING = auto()
    OPEN = auto()
    CLOSING = auto()
    LOST = auto()
