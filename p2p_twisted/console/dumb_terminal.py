"""Tell terminals that support nothing but lines from others."""

import os
from typing import Final

_DUMB: Final = ("", "dumb")


def is_dumb() -> bool:
    """Return whether the terminal supports only lines, as ``TERM`` says, also by saying nothing."""
    return os.environ.get("TERM", "") in _DUMB
