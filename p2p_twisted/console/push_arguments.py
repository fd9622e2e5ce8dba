"""
Parse what follows the commands by which files are handed to others.

Each reader returns ``None`` for what its command does not take, and raises ``ValueError`` where a
name or a time is none: the text says what would be.
"""

from collections.abc import Callable
from math import inf
from typing import Final

from p2p_twisted.console.arguments import option_words, read_numbers
from p2p_twisted.console.commands import (
    AnswerPushes,
    Command,
    EndPushes,
    ListPushes,
    PushFiles,
)
from p2p_twisted.offers.limits import OFFER_DAYS, RECIPIENTS
from p2p_twisted.offers.offer import EVERYBODY, USUAL_DAYS, check_into, read_recipient
from p2p_twisted.runtime.amounts import read_time

PUSH_OPTIONS: Final = ("--to", "--for", "--into", "--wait", "--timeout")
_DAY_SECONDS: Final = 86_400


def read_push(rest: str) -> Command | None:
    """Read what is pushed, to whom, for how long, and where it lands."""
    names, to = list[str](), list[str]()
    seconds, into, wait = USUAL_DAYS * _DAY_SECONDS, None, None
    words = option_words(rest)
    for word, kind in words:
        if kind != "option":
            names.append(word)
            continue
        if word == "--wait":
            wait = wait or inf
            continue
        value, _kind = next(words, ("", "plain"))
        match word:
            case "--to" if value:
                to += read_audience(value)
            case "--for":
                seconds = read_time(value, OFFER_DAYS)
            case "--into" if value:
                into = read_place(value)
            case "--timeout":
                wait = read_time(value, OFFER_DAYS)
            case _:
                return None
    if not names or not to:
        return None
    return PushFiles(tuple(names), tuple(to), seconds, into, wait)


def read_pushes(rest: str) -> Command | None:
    """Read which pushes to look at, or to wait for; all are listed without."""
    if not rest:
        return ListPushes()
    plain, wait = list[str](), None
    words = option_words(rest)
    for word, kind in words:
        if kind != "option":
            plain.append(word)
        elif word == "--wait":
            wait = wait or inf
        elif word == "--timeout":
            wait = read_time(next(words, ("", "plain"))[0], OFFER_DAYS)
        else:
            return None
    numbers = read_numbers(" ".join(plain))
    return ListPushes(numbers, wait) if numbers else None


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

    :raises ValueError: for what is neither a peer's name nor a group's, for too many, and for
        ``all``, by which nobody means a peer.
    """
    words = [each for each in typed.split(",") if each]
    if "all" in map(str.lower, words):
        raise ValueError(f"all would be a peer's name: say {EVERYBODY} for everybody")
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
