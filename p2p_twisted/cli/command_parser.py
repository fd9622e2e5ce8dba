"""A parser of arguments that starts fast."""

import argparse
import os
from contextlib import suppress
from typing import Any

_COLUMNS = 80


class _Formatter(argparse.HelpFormatter):
    """
    Writes help as wide as the terminal.

    argparse makes one for each option that is added, and without a width imports shutil.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


class CommandParser(argparse.ArgumentParser):
    """Parses the arguments of a command, or of one of its verbs."""

    def __init__(self, *arguments: Any, **how: Any) -> None:
        super().__init__(*arguments, **{"formatter_class": _Formatter, **how})


def _columns() -> int:
    with suppress(ValueError, OSError):
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(1).columns) or _COLUMNS
    return _COLUMNS
