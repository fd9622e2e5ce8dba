"""Write what was asked for: as JSON, or as text for people."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

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
        sys.stdout.write(f"{line}\n")
    if at_once:
        sys.stdout.flush()
