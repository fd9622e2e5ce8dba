"""The published limits are those of the code."""

import re
from importlib import import_module
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import p2p_twisted
from p2p_twisted.wire.limits import KIB, MIB, TIB

SECURITY = Path(__file__).parent.parent / "SECURITY.md"
_ROW = re.compile(r"^\| .+ \| (?P<limit>.+) \| `(?P<name>\w+)` \|$", re.MULTILINE)
_UNITS = {TIB: "TiB", MIB: "MiB", KIB: "KiB"}


def shown(name: str, value: float) -> str:
    """Write a limit as the table has it; its unit is in the constant's name."""
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
    if name.endswith("_DAYS"):
        return f"{value:,} days"
    return f"{value:,} characters" if name.endswith("_CHARACTERS") else f"{value:,}"


def shown_size(size: int) -> str:
    """Write a size in the largest unit that it is a multiple of."""
    for unit, name in _UNITS.items():
        if size % unit == 0:
            return f"{size // unit:,} {name}"
    return f"{size:,} bytes"


def limits() -> list[tuple[str, float]]:
    """List the limits of all rooms: what their modules ``limits`` define themselves."""
    found = []
    for path in sorted(Path(p2p_twisted.__file__).parent.glob("*/limits.py")):
        module = import_module(f"p2p_twisted.{path.parent.name}.limits")
        for name in re.findall(r"^([A-Z_]+): Final", path.read_text("utf-8"), re.MULTILINE):
            if name not in ("KIB", "MIB", "TIB"):
                found.append((name, getattr(module, name)))
    return found


class ThreatsTests(SynchronousTestCase):
    """The table of what nobody can do in a private network."""

    def test_held(self) -> None:
        """Each row names tests that there are."""
        rows = re.findall(
            r"^\| .+ \| .+ \| ((?:`tests/[^`]+`(?:, )?)+) \|$", SECURITY.read_text(), re.M
        )
        self.assertGreater(len(rows), 10)
        for place in re.findall("`([^`]+)`", " ".join(rows)):
            self.assertTrue((SECURITY.parent / place).is_file(), place)


class LimitsTests(SynchronousTestCase):
    """The table in SECURITY.md."""

    maxDiff = None

    def test_complete_and_right(self) -> None:
        """It has every limit of every room, with its number."""
        published = {row["name"]: row["limit"] for row in _ROW.finditer(SECURITY.read_text())}
        self.assertEqual(published, {name: shown(name, value) for name, value in limits()})

    def test_names(self) -> None:
        """No two rooms have a limit of the same name."""
        names = [name for name, _value in limits()]
        self.assertCountEqual(names, set(names))
