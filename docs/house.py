"""
Read the package's imports, and draw its rooms: ``python -m docs.house > docs/architecture.svg``.

A room is a folder of the package; the modules beside the folders are a room each. Imports
that only type checkers follow (``if TYPE_CHECKING:``) count, and are marked. The floors
are those of the contract "Imports run one way" in setup.cfg.
"""

import ast
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from functools import cache
from pathlib import Path
from typing import Final

from attrs import field, frozen

from docs.picture import draw

ROOT: Final = Path(__file__).parent.parent
_PACKAGE: Final = "p2p_twisted"


@frozen
class Import:
    """
    One module imports another, of this package or not.

    :ivar for_types: whether only type checkers follow it.
    """

    importer: str
    imported: str
    for_types: bool


@frozen
class House:
    """
    The modules of the package and what they import.

    :ivar lines: how long each module is, by its name below the package (``wire.codec``);
        ``__init__.py`` has the name of its folder.
    :ivar imports: within the package, by the same names.
    :ivar outside: of other packages and the standard library, by their full names.
    """

    lines: dict[str, int] = field(factory=dict)
    imports: set[Import] = field(factory=set)
    outside: set[Import] = field(factory=set)

    def rooms(self) -> dict[str, list[str]]:
        """Return the modules of each room."""
        rooms: dict[str, list[str]] = {}
        for module in sorted(self.lines):
            if module:
                rooms.setdefault(room(module), []).append(module)
        return rooms

    def arrows(self) -> set[tuple[str, str]]:
        """Return the pairs of rooms of which the first imports the second."""
        pairs = {(room(found.importer), room(found.imported)) for found in self.imports}
        return {(above, below) for above, below in pairs if above != below and below}

    def modules_with(self, *outside: str) -> set[str]:
        """Return the modules that import one of these packages, themselves or through others."""
        found = {
            made.importer
            for made in self.outside
            if not made.for_types and made.imported.partition(".")[0] in outside
        }
        graph = self._graph(for_types=False)
        return {module for module in graph if found & {module, *_reached(graph, module)}}

    def circles(self) -> list[list[str]]:
        """Return the largest sets of modules that all import each other, if by detours."""
        graph = self._graph(for_types=True)
        reached = {module: set(_reached(graph, module)) for module in graph}
        circles = {
            frozenset(other for other in reached[module] if module in reached[other])
            for module in graph
        }
        return sorted(sorted(circle) for circle in circles if circle)

    def _graph(self, for_types: bool) -> dict[str, set[str]]:
        """Return what each module imports, with or without what only type checkers follow."""
        graph: dict[str, set[str]] = {module: set() for module in self.lines}
        for made in self.imports:
            if for_types or not made.for_types:
                graph[made.importer].add(made.imported)
        return graph


def room(module: str) -> str:
    """Return the room that a module is in."""
    return module.partition(".")[0]


@cache
def read(root: Path = ROOT) -> House:
    """Read all modules of the package, once."""
    package = root / _PACKAGE
    paths = {_name(path.relative_to(package)): path for path in package.rglob("*.py")}
    house = House()
    for name, path in sorted(paths.items()):
        text = path.read_text("utf-8")
        house.lines[name] = len(text.splitlines())
        for full, for_types in _imports(ast.parse(text), for_types=False):
            inside = _inside(full, paths)
            if inside is None:
                house.outside.add(Import(name, full, for_types))
            elif inside != name:
                house.imports.add(Import(name, inside, for_types))
    return house


def floors(root: Path = ROOT) -> list[list[str]]:
    """Return the rooms of each floor, from the top, as the contract in setup.cfg has them."""
    config = ConfigParser(interpolation=None)
    config.read(root / "setup.cfg", "utf-8")
    layers = config["importlinter:contract:house"]["layers"].split("\n")
    return [
        [name.strip().removeprefix(f"{_PACKAGE}.") for name in layer.split("|")]
        for layer in layers
        if layer
    ]


def picture(root: Path = ROOT) -> str:
    """Draw the house as it stands."""
    house = read(root)
    sizes = {
        name: (len(modules), sum(house.lines[module] for module in modules))
        for name, modules in house.rooms().items()
    }
    return draw(floors(root), sizes, house.arrows())


def _name(path: Path) -> str:
    """Return a module's name below the package; the package itself is ``""``."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.AST, for_types: bool) -> Iterator[tuple[str, bool]]:
    """Yield the full names that are imported, and whether only for types."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, for_types) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", for_types) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for inner in node.body:
                yield from _imports(ast.Module([inner], []), for_types=True)
            for inner in node.orelse:
                yield from _imports(ast.Module([inner], []), for_types)
        else:
            yield from _imports(node, for_types)


def _inside(full: str, modules: dict[str, Path]) -> str | None:
    """Return the module of this package that an imported name is, or is in."""
    if full.partition(".")[0] != _PACKAGE:
        return None
    name = full.removeprefix(_PACKAGE).removeprefix(".")
    return name if name in modules else name.rpartition(".")[0]


def _reached(graph: dict[str, set[str]], start: str) -> Iterator[str]:
    """Yield what can be reached from a node, over one arrow or more."""
    seen: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            yield node
            waiting += graph[node]


if __name__ == "__main__":
    sys.stdout.write(picture())
