"""The published limits are those of the code."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire import limits

SECURITY = Path(__file__).parent.parent / "SECURITY.md"
_ROW = re.compile(r"^\| .+ \| (?P<limit>.+) \| `(?P<name>\w+)` \|$", re.MULTILINE)
_UNITS = {"KIB": "KiB", "MIB": "MiB", "TIB": "TiB"}


def shown(name: str) -> str:
    """Write a limit as the table has it; its unit is in the constant's name."""
    value = getattr(limits, name)
    if name.endswith("_PORT"):
        return f"{value}"
    for suffix, pace in (("_PER_SECOND", " a second"), ("_PER_MINUTE", " a minute")):
        if name.endswith(suffix):
            return shown_amount(name.removesuffix(suffix), value) + pace
    return shown_amount(name, value)


def shown_amount(name: str, value: float) -> str:
    """Write a number with its unit."""
    if name.endswith("_BYTES"):
        return shown_size(int(value))
    if name.endswith("_SECONDS"):
        return f"{value:g} s"
    return f"{value:,} characters" if name.endswith("_CHARACTERS") else f"{value:,}"


def shown_size(size: int) -> str:
    """Write a size in the largest unit that it is a multiple of."""
    for unit in ("TIB", "MIB", "KIB"):
        if size % getattr(limits, unit) == 0:
            return f"{size // getattr(limits, unit):,} {_UNITS[unit]}"
    return f"{size:,} bytes"


class LimitsTests(SynchronousTestCase):
    """The table in SECURITY.md."""

    maxDiff = None

    def test_complete_and_right(self) -> None:
        """It has every limit, with its number."""
        published = {row["name"]: row["limit"] for row in _ROW.finditer(SECURITY.read_text())}
        constants = [name for name in vars(limits) if name.isupper() and name not in _UNITS]
        self.assertEqual(published, {name: shown(name) for name in constants})
