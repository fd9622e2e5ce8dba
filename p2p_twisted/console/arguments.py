"""
Parse what follows a command's word on a typed line.

Each reader returns ``None`` for what its command does not take.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, Literal

from p2p_twisted.console.commands import (
    Choose,
    Command,
    Explain,
    Find,
    Get,
    Limit,
    List,
    Numbers,
    ShowLimits,
)
from p2p_twisted.library.matching import is_pattern
from p2p_twisted.wire.names import BadName, PeerName, peer_name

_MOST_NUMBERS: Final = 10_000
# A quoted text is one operand, whatever is in it.
_FROM: Final = r"--from(?:\s+|=)(?P<{}>\S+)"
_GET: Final = re.compile(
    rf"""(?:{_FROM.format("first")}\s+)?"""
    rf"""(?P<what>(["']).+\3|\S.*?)(?:\s+{_FROM.format("last")})?""",
    re.DOTALL | re.ASCII,
)
_DANGLING_FROM: Final = re.compile(r"(?:.*\s)?--from(?:\s|=|\Z).*", re.DOTALL | re.ASCII)
# An apostrophe within a word is not a quote.
_WORDS: Final = re.compile(
    r"""(["'])(?P<quoted>.+?)\1(?=\s|\Z)|(?P<plain>\S+)""", re.DOTALL | re.ASCII
)
# Here, a quoted text may also be the value of an option.
_OPTION_WORD: Final = re.compile(
    r"""(?:(?P<option>--[a-z]+)=)?(?:(["'])(?P<quoted>.+?)\2(?=\s|\Z)|(?P<plain>\S+))""",
    re.DOTALL | re.ASCII,
)
_RANGE: Final = re.compile(r"([1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?")
_NEARLY_NUMBERS: Final = re.compile(r"(?=.*[0-9])(?:[#0-9\s,;\u2013-]|\.\.+)+", re.DOTALL)
_SEPARATORS: Final = re.compile(r"[\s,]+")


def unquoted(text: str) -> str | None:
    """Remove the quotes or the ``./`` that mark a text as a file's name."""
    if len(text) > 2 and text[0] in "\"'" and text[-1] == text[0]:
        return text[1:-1]
    if len(text) > 2 and text.startswith("./"):
        return text[2:]
    return None


def needs_quotes(name: str) -> bool:
    """Return whether a name among others would be read as something else without quotes."""
    return read_get(name) != Get(name)


def alone(command: Command) -> Callable[[str], Command | None]:
    """Make the reader of a command that takes nothing."""
    return lambda rest: None if rest else command


def read_get(rest: str) -> Command | None:
    """Read names, or numbers of the last list, and perhaps the peer that is to deliver."""
    match = _GET.fullmatch(rest)
    if match is None or (match["first"] and match["last"]):
        return None
    what, peer = match["what"], match["first"] or match["last"]
    holder = _peer(peer or "")
    if peer is not None and holder is None:
        return None
    name = unquoted(what)
    if name is None and _DANGLING_FROM.fullmatch(what):
        return None
    numbers = read_numbers(what)
    if numbers:
        return Choose(numbers, holder)
    return Get(name or what, holder, words=_several(what))


def read_find(rest: str) -> Command | None:
    """Read what to search for."""
    return Find(unquoted(rest) or rest) if rest else None


def read_explain(rest: str) -> Command | None:
    """Read what to explain."""
    return Explain(unquoted(rest) or rest or None)


def read_list(rest: str) -> Command | None:
    """Read whose files to list."""
    if not rest:
        return List()
    holder = _peer(rest)
    return None if holder is None else List(holder)


def numbers_or_all(make: Callable[[Numbers | None], Command]) -> Callable[[str], Command | None]:
    """Make the reader of a command that takes numbers of downloads, or all."""

    def read(rest: str) -> Command | None:
        if rest.casefold() == "all":
            return make(None)
        numbers = read_numbers(rest)
        return make(numbers) if numbers else None

    return read


def read_limit(rest: str) -> Command | None:
    """Read a direction and a rate."""
    match rest.split():
        case []:
            return ShowLimits()
        case [direction, rate]:
            match direction.casefold():
                case ("up" | "down") as known:
                    return Limit(known, rate)
    return None


def read_numbers(text: str) -> Numbers | None:
    """
    Read numbers and ranges: ``1 3 5-8``, also with commas.

    :returns: each number once, in the order in which they were typed.
    """
    numbers: dict[int, None] = {}
    for part in _SEPARATORS.split(text.strip(" ,")):
        match = _RANGE.fullmatch(part)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if not 0 <= last - first <= _MOST_NUMBERS - len(numbers):
            return None
        numbers |= dict.fromkeys(range(first, last + 1))
    return tuple(numbers)


def number_hint(text: str) -> str | None:
    """
    Say how numbers are typed, where a text that nothing is called may have been meant for some.

    :returns: ``None`` for a text that does not look like numbers.
    """
    if _NEARLY_NUMBERS.fullmatch(text) is None:
        return None
    return "numbers from the last list are typed as in get 1 3 5-8"


def option_hint(text: str) -> str | None:
    """
    Say which options there are, where a text that nothing is called has one of a shell's.

    :returns: ``None`` for a text without options.
    """
    for word, kind in option_words(text):
        if kind == "option" and word != "--":
            return f"here, get takes no {word}, only --from: p2p get, in a shell, takes more"
    return None


def option_words(text: str) -> Iterator[tuple[str, Literal["option", "plain", "quoted"]]]:
    """Split into words, and say what each is; ``--to=anna`` is two."""
    for match in _OPTION_WORD.finditer(text):
        if match["option"]:
            yield match["option"], "option"
        if match["quoted"]:
            yield match["quoted"], "quoted"
        else:
            is_option = not match["option"] and match["plain"].startswith("--")
            yield match["plain"], "option" if is_option else "plain"


def _several(text: str) -> tuple[str | int, ...]:
    """
    Split a text into names and numbers; names in quotes may have spaces, or be numbers.

    :returns: nothing if the text can only be one name, such as with what looks like an option.
    """
    words = [(match["quoted"], match["plain"]) for match in _WORDS.finditer(text)]
    if len(words) == 1 and not is_pattern(words[0][1] or ""):
        return ()
    if option_hint(text) is not None:
        return ()
    several: list[str | int] = []
    for quoted, plain in words:
        if quoted:
            several.append(quoted)
        else:
            several += read_numbers(plain) or [unquoted(plain) or plain]
    return tuple(several)


def _peer(text: str) -> PeerName | None:
    try:
        return peer_name(text)
    except BadName:
        return None
