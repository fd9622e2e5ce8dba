"""A search for a class or module finds one: exceptions are listed here, each with its reason."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import p2p_twisted

_PACKAGE: Final = Path(p2p_twisted.__file__).parent

CLASSES: Final = {
    "Options": "the conventional name of the command line of a twistd plugin; there are two",
    "Send": "a message that asks a holder for chunks; an effect that has a message sent on a link",
}
MODULES: Final = {
    "limits": "the published bounds of each room",
    "link": "the messages on a link; the session that exchanges them",
    "places": "for uploads, and for links: each decides who has one",
    "registry": "the messages of a registry; the registry",
    "service": "the services that twistd starts and stops: peer, registry, console",
    "session": "the base of all sessions; the registry's session",
}


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(_PACKAGE.rglob("*.py")):
        if path.name != "__init__.py":
            yield path.stem, path


def _classes() -> Iterator[tuple[str, Path]]:
    for _name, path in _modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield node.name, path


def _twice(found: Iterator[tuple[str, Path]]) -> dict[str, list[str]]:
    """Map each name that was found more than once to its files, below the package."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for name, path in found:
        places[name].append(str(path.relative_to(_PACKAGE)))
    return {name: paths for name, paths in places.items() if len(paths) > 1}


def test_classes() -> None:
    """No class name exists twice in the package, unless the table says why."""
    twice = _twice(_classes())
    assert twice.keys() == CLASSES.keys(), twice


def test_modules() -> None:
    """No two modules have one name, unless the table says why."""
    twice = _twice(_modules())
    assert twice.keys() == MODULES.keys(), twice
