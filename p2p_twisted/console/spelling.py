"""Guess the command that was meant, after a line turned out not to be a file's name."""

from collections.abc import Mapping
from typing import Final

from p2p_twisted.console.arguments import option_hint, read_numbers
from p2p_twisted.console.commands import Get, Misused
from p2p_twisted.console.parsing import BY_WORD, find_entry, first_word

ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "connect": ("peer",),
    "delete": ("unshare",),
    "download": ("get",),
    "exit": ("leave",),
    "fetch": ("get",),
    "join": ("peer",),
    "list": ("ls",),
    "quit": ("leave",),
    "receive": ("get", "accept"),
    "search": ("find",),
    "send": ("push", "share", "link"),
    "serve": ("share", "registry"),
    "start": ("up", "peer"),
    "upload": ("share", "push"),
}
"""What other programs call what this one has words of its own for."""

# Shorter words resemble too many others for two slips.
_LONGER_WORD: Final = 4


def suggest(line: str) -> str | None:
    """
    Guess the command that was meant.

    :returns: how to type it; ``None`` if no command is close.
    """
    word, rest = first_word(line)
    entry = find_entry(word)
    if entry is not None:
        return None
    if word == "p2p":
        # That is for a shell.
        word, rest = first_word(rest)
        entry = find_entry(word)
        command = Misused(word, line) if entry is None else entry.command(rest, line)
        is_wrong = isinstance(command, Misused)
        is_wrong = is_wrong or (isinstance(command, Get) and option_hint(rest) is not None)
        return None if is_wrong else f"{word} {rest}".rstrip()
    if read_numbers(line):
        return f"get {line}"
    meant = ELSEWHERE.get(word.casefold(), ("",))[0] or _closest(word.casefold())
    entry = find_entry(meant)
    if entry is None or isinstance(entry.command(rest, line), Misused):
        return None
    name = entry.words[0]
    return f"{name if meant == name.casefold() else meant} {rest}".rstrip()


def _closest(typed: str) -> str:
    """Find the command word that is one slip away, or two for a longer word."""
    if typed == "?":
        return "help"
    near = [(_distance(typed, word), word) for word in BY_WORD if abs(len(typed) - len(word)) <= 2]
    slips, word = min(near, default=(0, ""))
    return word if slips <= (2 if len(word) >= _LONGER_WORD else 1) else ""


def _distance(one: str, other: str) -> int:
    """
    Count the slips between two words: a letter missed, added, changed, or two swapped.

    The optimal string alignment distance (Damerau, CACM 1964).
    """
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            slips = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 < j and letter == other[j - 2] and one[i - 2] == wanted:
                slips = min(slips, rows[-2][j - 2] + 1)
            row.append(slips)
        rows.append(row)
    return rows[-1][-1]
