"""What a person wants a download to come to."""

from enum import Enum, auto


class Aim(Enum):
    """What a download is to come to; what was said last holds."""

    SAVED = auto()
    PAUSED = auto()
    CANCELED = auto()
    STOPPED = auto()
    """It goes on in the next run."""
