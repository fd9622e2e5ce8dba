"""The names of a library in their order, searched many at a time."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import define, field

from p2p_twisted.library.matching import Matcher, MatchKey

_LISTED_AT_ONCE: Final = 16
# A pattern may take half a millisecond for each.
_PATTERN_AT_ONCE: Final = 4
_TEXT_AT_ONCE: Final = 128


@define
class OrderedNames:
    """
    Names, sorted, with what searches compare of some of them at once.

    :ivar names: all of them; they do not change.
    """

    names: Sequence[str]
    _keys: Mapping[str, MatchKey]
    # By where they begin: the names of a run in the form that is searched, line by line.
    _texts: dict[int, str] = field(factory=dict, init=False)

    def each(self) -> Iterator[str | None]:
        """Yield all names, and ``None`` after each few."""
        for number, name in enumerate(self.names, 1):
            yield name
            if number % _LISTED_AT_ONCE == 0:
                yield None

    def matching(self, matcher: Matcher) -> Iterator[str | None]:
        """
        Yield the names that match, in order, and ``None`` after each few that were looked at.

        Most runs of names are passed over in one go: something that every match contains is in
        none of them.
        """
        for start in range(0, len(self.names), _TEXT_AT_ONCE):
            if matcher.literal in self._text(start):
                yield from self._look_at(self._run(start), matcher)
            yield None

    def _look_at(self, run: Iterable[str], matcher: Matcher) -> Iterator[str | None]:
        for number, name in enumerate(run, 1):
            key = self._keys.get(name)
            if key is not None and matcher.fits(key):
                yield name
            if matcher.is_pattern and number % _PATTERN_AT_ONCE == 0:
                yield None

    def _text(self, start: int) -> str:
        text = self._texts.get(start)
        if text is None:
            # Of those that are gone meanwhile there is none.
            keys = filter(None, map(self._keys.get, self._run(start)))
            text = self._texts[start] = "\n".join(key.plain for key in keys)
        return text

    def _run(self, start: int) -> Sequence[str]:
        return self.names[start : start + _TEXT_AT_ONCE]


def below(names: Sequence[str], folder: str) -> Sequence[str]:
    """Return those of some sorted names that lie below a folder."""
    if not folder:
        return names[:]
    # "0" is the character after "/".
    return names[bisect_left(names, f"{folder}/") : bisect_left(names, f"{folder}0")]
