"""
Parse what follows the commands by which files are handed to others.

Each reader returns ``None`` for what its command does not take, and raises ``ValueError`` where a
name or a time is none: the text says what would be.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from p2p_twisted.console.arguments import read_numbers
from p2p_twisted.console.commands import (
    AnswerPushes,
    Command,
    EndPushes,
    ListPushes,
    PushFiles,
)
from p2p_twisted.offers.limits import RECIPIENTS
from p2p_twisted.offers.offer import EVERYBODY, USUAL_DAYS, check_into, read_recipient
from p2p_twisted.trust.invite_terms import read_time

PUSH_OPTIONS: Final = ("--to", "--for", "--into")
_DAY_SECONDS: Final = 86_400

# A quoted text is one word, also as the value of an option.
_WORD: Final = re.compile(
    r"""(?:(?P<option>--[a-z]+)=)?(?:(["'])(?P<quoted>.+?)\2(?=\s|\Z)|(?P<plain>\S+))""",
    re.DOTALL | re.ASCII,
)


def read_push(rest: str) -> Command | None:
    """Read what is pushed, to whom, for how long, and where it lands."""
    names, to = list[str](), list[str]()
    seconds, into = USUAL_DAYS * _DAY_SECONDS, None
    words = _words(rest)
    for word, is_option in words:
        if not is_option:
            names.append(word)
            continue
        value, _is_option = next(words, ("", False))
        match word:
            case "--to" if value:
                to += read_audience(value)
            case "--for":
                seconds = read_time(value)
            case "--into" if value:
                into = read_place(value)
            case _:
                return None
    if not names or not to:
        return None
    return PushFiles(tuple(names), tuple(to), seconds, into)


def read_pushes(rest: str) -> Command | None:
    """Read which pushes to look at; all are listed without."""
    if not rest:
        return ListPushes()
    numbers = read_numbers(rest)
    return ListPushes(numbers) if numbers else None


def read_unpush(rest: str) -> Command | None:
    """Read which pushes to end."""
    numbers = read_numbers(rest)
    return EndPushes(numbers) if numbers else None


def answer_reader(accept: bool) -> Callable[[str], Command | None]:
    """Make the reader of a command that accepts pushes, or refuses them."""

    def read(rest: str) -> Command | None:
        numbers = read_numbers(rest)
        return AnswerPushes(numbers, accept) if numbers else None

    return read


def read_audience(typed: str) -> list[str]:
    """
    Read to whom something is pushed: ``anna,ben``, ``@lab`` or ``@all``.

    :raises ValueError: for what is neither a peer's name nor a group's, and for too many.
    """
    words = [each for each in typed.split(",") if each]
    if not 1 <= len(words) <= RECIPIENTS:
        raise ValueError(f"name 1 to {RECIPIENTS} peers or groups, or {EVERYBODY}")
    return list(map(read_recipient, words))


def read_place(typed: str) -> str:
    """
    Read the folder in which something is to land.

    :raises ValueError: for what is no path below another folder.
    """
    place = typed.rstrip("/")
    check_into(place)
    return place


def _words(rest: str) -> Iterator[tuple[str, bool]]:
    """Split into words, and say which are options; ``--to=anna`` is two."""
    for match in _WORD.finditer(rest):
        if match["option"]:
            yield match["option"], True
        word = match["quoted"] or match["plain"]
        yield word, match["quoted"] is None and not match["option"] and word.startswith("--")
