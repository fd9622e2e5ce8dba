"""Pages for people who read the code name what is there."""

import re
from pathlib import Path
from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import effects, events

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "CONTRIBUTING.md",
    ROOT / "README.md",
    ROOT / "SECURITY.md",
    *ROOT.glob("docs/*.md"),
]
# Such as `p2p_twisted/wire/codec.py`, `wire/codec.py` and `storage/`.
_PATH = re.compile(r"`((?:\w+/)+(?:\w+\.(?:py|md|md\.in|svg))?)`")

_MADE = {"dist/"}


class PagesTests(SynchronousTestCase):
    """The pages at the root and in docs/."""

    def test_paths_exist(self) -> None:
        """Every file and folder in backticks exists, below the root or the package, or is made."""
        for page in PAGES:
            for path in {*_PATH.findall(page.read_text("utf-8"))} - _MADE:
                found = (ROOT / path).exists() or (ROOT / "p2p_twisted" / path).exists()
                self.assertTrue(found, f"{page.name} names {path}")

    def test_rooms_described(self) -> None:
        """The table of the architecture page has every room, and only these."""
        table = re.findall(
            r"^\| `(\w+)` \|", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE
        )
        folders = {path.parent.name for path in ROOT.glob("p2p_twisted/*/__init__.py")}
        self.assertCountEqual(table, folders)

    def test_overlay_described(self) -> None:
        """The page on the overlay names every event and every effect."""
        page = (ROOT / "docs/overlay.md").read_text("utf-8")
        for kind in (*get_args(events.Event), *get_args(effects.Effect)):
            self.assertIn(f"`{kind.__name__}`", page)

    def test_all_in_the_index(self) -> None:
        """Every page is linked to from the index."""
        index = (ROOT / "docs" / "index.md").read_text("utf-8")
        linked = {
            (ROOT / "docs" / link).resolve() for link in re.findall(r"\]\((.*?\.md)\)", index)
        }
        pages = {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")} - {ROOT / "docs" / "index.md"}
        self.assertEqual(pages - linked, set())
