"""Look names up by a key that they have in common."""

from collections.abc import Collection


class Index:
    """
    Maps a key to a set of names.

    Nearly every key has one name, which is then kept as it is: a set would need
    four times the memory.
    """

    def __init__(self) -> None:
        self._names: dict[str, str | set[str]] = {}

    def __getitem__(self, key: str) -> Collection[str]:
        """Return the names of a key, in no order; there may be none."""
        names = self._names.get(key, ())
        return (names,) if isinstance(names, str) else names

    def add(self, key: str, name: str) -> None:
        """Add a name to a key."""
        names = self._names.setdefault(key, name)
        if isinstance(names, set):
            names.add(name)
        elif names != name:
            self._names[key] = {names, name}

    def remove(self, key: str, name: str) -> None:
        """Remove a name from a key, which has it."""
        names = self._names[key]
        if isinstance(names, set):
            names.remove(name)
        if not isinstance(names, set) or not names:
            del self._names[key]
