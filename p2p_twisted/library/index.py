"""Look names up by a key that they have in common."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from attrs import define

_KEYS_AT_ONCE: Final = 1_024


@define
class _Several:
    """
    The names of one key.

    :ivar in_order: they, sorted, if they were asked for since the last change.
    """

    names: set[str]
    in_order: tuple[str, ...] | None = None


class Index:
    """
    Maps a key to a set of names.

    Nearly every key has one name, which is then kept as it is: a set would need
    four times the memory.
    """

    def __init__(self) -> None:
        self._names: dict[str, str | _Several] = {}

    def __getitem__(self, key: str) -> Collection[str]:
        """Return the names of a key, in no order; there may be none."""
        names = self._names.get(key, ())
        return names.names if isinstance(names, _Several) else (names,) if names else ()

    def in_order(self, key: str) -> Sequence[str]:
        """Return the names of a key, sorted; they are sorted once, until they change."""
        names = self._names.get(key)
        if not isinstance(names, _Several):
            return () if names is None else (names,)
        if names.in_order is None:
            names.in_order = tuple(sorted(names.names))
        return names.in_order

    def beginning(self, text: str) -> Iterator[str | None]:
        """
        Yield the names of all keys that begin so, and ``None`` after each few that do not.

        The index may be changed meanwhile.
        """
        for number, key in enumerate(tuple(self._names), 1):
            if key.startswith(text):
                yield from self.in_order(key)
            elif number % _KEYS_AT_ONCE == 0:
                yield None

    def add(self, key: str, name: str) -> None:
        """Add a name to a key."""
        names = self._names.setdefault(key, name)
        if names is name:
            return
        if isinstance(names, _Several):
            names.names.add(name)
            names.in_order = None
        elif names != name:
            self._names[key] = _Several({names, name})

    def remove(self, key: str, name: str) -> None:
        """Remove a name from a key, which has it."""
        names = self._names[key]
        if isinstance(names, _Several):
            names.names.remove(name)
            names.in_order = None
        if not isinstance(names, _Several) or not names.names:
            del self._names[key]
