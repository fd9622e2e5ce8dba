"""
Parse what follows the commands by which files are linked to.

Each reader returns ``None`` for what its command does not take, and raises ``ValueError`` for what
is no time: the text says what would be one.
"""

from typing import Final

from p2p_twisted.console.arguments import option_words, read_numbers
from p2p_twisted.console.commands import Command, EndLinks, MakeLink
from p2p_twisted.peer.limits import LINK_DAYS
from p2p_twisted.runtime.amounts import read_time

LINK_OPTIONS: Final = ("--for", "--qr")
USUAL_LINK_SECONDS: Final = 3_600


def read_link(rest: str) -> Command | None:
    """Read which file is linked to, for how long, and whether that is drawn."""
    whats, seconds, is_drawn = list[str | int](), USUAL_LINK_SECONDS, False
    words = option_words(rest)
    for word, kind in words:
        match kind, word:
            case "option", "--for":
                seconds = read_time(next(words, ("", "plain"))[0], LINK_DAYS)
            case "option", "--qr":
                is_drawn = True
            case "option", _:
                return None
            case "plain", _ if (numbers := read_numbers(word)) and len(numbers) == 1:
                whats += numbers
            case _:
                whats.append(word)
    return MakeLink(whats[0], seconds, is_drawn) if len(whats) == 1 else None


def read_unlink(rest: str) -> Command | None:
    """Read which links to end."""
    numbers = read_numbers(rest)
    return EndLinks(numbers) if numbers else None
