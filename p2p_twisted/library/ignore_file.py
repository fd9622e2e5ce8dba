"""Read a file that names what is not to be shared, in the syntax of gitignore(5)."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from attrs import frozen

from p2p_twisted.library.limits import IGNORE_FILE_PATTERNS
from p2p_twisted.wire.limits import PATH_BYTES

IGNORE_FILE: Final = ".p2pignore"

_KEPT: Final = 64
_STAR: Final = "[^/]*"
_OR_BELOW: Final = "(?:(?P<ps_d>/)|$)"
_ANY_FOLDERS: Final = 3
# Python may one day read sets with these otherwise, and warns of it; git finds nothing by "//".
_DOUBTFUL: Final = re.compile(r"\[[^]]*(\[|--|&&|~~|\|\|)|//")


class BadPattern(ValueError):
    """A line holds no pattern that can be read."""


class TooManyPatterns(ValueError):
    """There are more than are matched with each name."""


@frozen
class _Pattern:
    """
    One line.

    :ivar ignores: whether it names what is not shared; otherwise what is, after all.
    :ivar is_for_folders: whether it names folders only.
    """

    expression: re.Pattern[str]
    ignores: bool
    is_for_folders: bool


@frozen
class IgnoreRules:
    """
    What one file says, the last line first.

    :ivar bad_lines: the numbers of the lines that cannot be read, and are passed over.
    """

    _patterns: tuple[_Pattern, ...]
    bad_lines: tuple[int, ...]

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """
        Return whether something is ignored; ``None`` where no pattern speaks of it.

        What lies in a folder that is ignored is not to be asked for.

        :param path: relative to the folder that the file lies in, in Unicode normal form C.
        """
        if len(path) > PATH_BYTES:
            # It cannot be shared anyway.
            return None
        for pattern in self._patterns:
            if pattern.is_for_folders and not is_folder:
                continue
            if pattern.expression.search(path):
                return pattern.ignores
        return None


@lru_cache(maxsize=_KEPT)
def read_rules(content: bytes) -> IgnoreRules:
    """
    Read a file's content.

    :raises TooManyPatterns: when there are more than a thousand.
    """
    # Bytes that are no UTF-8 are spelled as in the names that have them.
    text = unicodedata.normalize("NFC", content.decode("utf-8-sig", "surrogateescape"))
    patterns: list[_Pattern] = []
    bad: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not line.strip() or line.startswith("#"):
            continue
        if len(patterns) + len(bad) == IGNORE_FILE_PATTERNS:
            raise TooManyPatterns(f"it has more than {IGNORE_FILE_PATTERNS:,} patterns")
        try:
            patterns.append(_read(line))
        except BadPattern:
            bad.append(number)
    return IgnoreRules(tuple(reversed(patterns)), tuple(bad))


def _read(line: str) -> _Pattern:
    """
    Read a line.

    :raises BadPattern: when it cannot be matched, or not in little time.
    """
    # It takes a while, and few share anything with such a file in it.
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    if len(line) > PATH_BYTES or _DOUBTFUL.search(line):
        raise BadPattern
    stripped = line.rstrip(" ")
    is_for_folders = stripped.endswith("/")
    try:
        text, ignores = GitIgnoreSpecPattern.pattern_to_regex(
            stripped[:-1] if is_for_folders else line
        )
        if text is None or ignores is None:
            raise BadPattern
        # A dot stands for a line's end, too, which names may have.
        exact = text.replace(_OR_BELOW, r"\Z")
        expression = re.compile(_without_backtracking(exact), re.DOTALL)
    except (ValueError, IndexError, re.error, RecursionError):
        raise BadPattern from None
    return _Pattern(expression, ignores, is_for_folders)


def _without_backtracking(text: str) -> str:
    """
    Make each star but the last of a component match at the first place where that is possible.

    What comes first suits all stars behind it as well as any other; so a name is read about once,
    as in Python's ``fnmatch``, instead of once for each way to share it out among the stars.

    :raises BadPattern: when a long time could be needed nevertheless.
    """
    if text.count(".+") > _ANY_FOLDERS:
        raise BadPattern
    made, *parts = text.split(_STAR)
    for position, part in enumerate(parts, 1):
        is_last = position == len(parts) or "/" in part.replace("[^/]", "")
        made += _STAR + part if is_last else f"(?>{_STAR}?{part})"
    return made
