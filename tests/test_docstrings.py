"""Docstrings speak of what there is: not of a parameter that went, or has another name now."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import p2p_twisted

_PACKAGE = Path(p2p_twisted.__file__).parent
_PARAM = re.compile(r":param (\w+):")


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    given = function.args
    several = (each for each in (given.vararg, given.kwarg) if each is not None)
    for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, *several):
        yield argument.arg


def _parameters(made: ast.AST) -> Iterator[str]:
    """Yield what a function takes, or the constructor of a class, as far as it is its own."""
    if isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from _arguments(made)
    elif isinstance(made, ast.ClassDef):
        for part in made.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                yield part.target.id.lstrip("_")
            elif isinstance(part, ast.FunctionDef) and part.name == "__init__":
                yield from _arguments(part)


def test_parameters() -> None:
    """Every parameter that a docstring explains is one."""
    wrong = []
    for path in sorted(_PACKAGE.rglob("*.py")):
        for made in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                explained = _PARAM.findall(ast.get_docstring(made) or "")
                for name in set(explained) - {*_parameters(made)}:
                    wrong.append(f"{path.relative_to(_PACKAGE)}, {made.name}: {name}")
    assert wrong == []
