"""The names that a download may be published under: the first that is free is taken."""

import os
from collections.abc import Iterator
from typing import Final

from p2p_twisted.wire.limits import COMPONENT_BYTES
from p2p_twisted.wire.name_forms import shortened

_NAMES_TRIED: Final = 10_000


def candidates(name: str, most: int = COMPONENT_BYTES) -> Iterator[str]:
    """
    Yield a name, then ``name (1).txt``, ``name (2).txt`` and so on, cut where they are too long.

    :param most: how many bytes they may have.
    """
    yield shortened(name, most)
    for number in range(1, _NAMES_TRIED):
        yield shortened(name, most, f" ({number})")


def longest_name(folder: int | str) -> int:
    """Return how many bytes a name may have in a folder: some file systems take fewer."""
    try:
        return min(COMPONENT_BYTES, os.pathconf(folder, "PC_NAME_MAX"))
    except (OSError, ValueError):
        return COMPONENT_BYTES
