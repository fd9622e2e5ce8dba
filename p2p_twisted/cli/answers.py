"""Write what was asked for: as JSON, or as text for people."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from p2p_twisted.runtime.exit_status import Exit


def say(options: argparse.Namespace, answer: Any, lines: Callable[[Any], Iterable[str]]) -> int:
    """Write an answer as the options ask for it; ``lines`` makes text of it."""
    if options.json:
        say_json(answer)
    else:
        say_lines(lines(answer))
    return Exit.DONE


def say_json(answer: Any) -> None:
    """Write an answer on a line of its own, at once."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say_lines(lines: Iterable[str], at_once: bool = False) -> None:
    """Write text; ``at_once`` where more may come much later."""
    for line in lines:
        _write(sys.stdout, line)
    if at_once:
        sys.stdout.flush()


def complain(text: str) -> None:
    """Write sentences where errors go."""
    for line in text.splitlines():
        _write(sys.stderr, line)


def _write(stream: TextIO, line: str) -> None:
    stream.writelines(f"{part}\n" for part in _fitted(stream, line))


def _fitted(stream: TextIO, line: str) -> Sequence[str]:
    """Break a line between its words, as terminals do in the middle of one."""
    if not stream.isatty():
        return [line]
    width = os.get_terminal_size(stream.fileno()).columns
    # A letter may take two cells. An address that is too long is copied whole only as it is.
    if not width or 2 * len(line) <= width or max(map(len, line.split(" "))) >= width - 4:
        return [line]
    from p2p_twisted.console.layout import wrapped

    return wrapped(line, width)
