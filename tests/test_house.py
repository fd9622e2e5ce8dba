"""The package is built as docs/architecture.md says."""

import ast
from configparser import ConfigParser
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import median

from twisted.trial.unittest import SynchronousTestCase

from docs.house import floors, picture, read, room

ROOT = Path(__file__).parent.parent


class HouseTests(SynchronousTestCase):
    """The modules of the package."""

    def test_no_import_runs_up(self) -> None:
        """Rooms import from lower floors only, for types, too."""
        floor_of = {name: floor for floor, names in enumerate(floors()) for name in names}
        for made in read().imports:
            above, below = room(made.importer), room(made.imported)
            if below and above != below:
                self.assertLess(
                    floor_of[above], floor_of[below], f"{made.importer} imports {made.imported}"
                )

    def test_no_circles(self) -> None:
        """No modules import each other in a circle, also where only type checkers follow."""
        self.assertEqual(read().circles(), [])

    def test_every_room_has_a_floor(self) -> None:
        """The contract on imports knows every folder, and every module beside them."""
        self.assertCountEqual([name for floor in floors() for name in floor], read().rooms())

    def test_files_are_short(self) -> None:
        """No file has more than 300 lines, and half of them at most 110."""
        lines = read().lines
        self.assertEqual({name: count for name, count in lines.items() if count > 300}, {})
        self.assertLessEqual(median(lines.values()), 110)

    def test_other_files_are_short(self) -> None:
        """Nor has any of the tests, the benchmarks, or what makes the documents."""
        paths = [
            path
            for folder in ("tests", "benchmarks", "docs")
            for path in (ROOT / folder).rglob("*.py")
        ]
        self.assertIn(Path(__file__), paths)
        lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in paths}
        self.assertEqual({name: count for name, count in lines.items() if count > 300}, {})

    def test_few_arguments_by_position(self) -> None:
        """No function takes more than five arguments by position: others are named in a call."""
        long: list[str] = []
        for path in (ROOT / "p2p_twisted").rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
                    if len(names) - (names[:1] in (["self"], ["cls"])) > 5:
                        long.append(f"{path.name}: {node.name}")
        self.assertEqual(long, [])

    def test_no_room_is_most_of_the_house(self) -> None:
        """No folder has more than 14 % of the lines."""
        house = read()
        most = 0.14 * sum(house.lines.values())
        for name, modules in house.rooms().items():
            self.assertLessEqual(sum(house.lines[module] for module in modules), most, name)


class PurityTests(SynchronousTestCase):
    """The contract on pure modules in setup.cfg, which lint-imports checks."""

    def test_complete(self) -> None:
        """Each module that imports no Twisted, clock, random, thread or file is under it."""
        config = ConfigParser(interpolation=None)
        config.read(ROOT / "setup.cfg", "utf-8")
        contract = config["importlinter:contract:pure"]
        under = contract["source_modules"].split()
        house = read()
        pure = house.lines.keys() - house.modules_with(*contract["forbidden_modules"].split())
        missing = {
            f"p2p_twisted.{module}"
            for module in pure
            # Others have nothing but a docstring.
            if module and house.lines[module] > 1
        }
        for pattern in under:
            missing -= {name for name in missing if fnmatchcase(f"{name}.", f"{pattern}.*")}
        self.assertEqual(missing, set(), "put these into setup.cfg, [importlinter:contract:pure]")


class PictureTests(SynchronousTestCase):
    """docs/architecture.svg."""

    def test_up_to_date(self) -> None:
        """What is committed is what would be drawn."""
        committed = (ROOT / "docs" / "architecture.svg").read_text("utf-8")
        self.assertEqual(committed, picture(), "run python -m docs.house > docs/architecture.svg")
