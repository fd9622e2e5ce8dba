"""Remember and log which names below a library's directory cannot be shared."""

from collections.abc import Set
from heapq import nsmallest
from itertools import accumulate
from typing import Final

from twisted.logger import Logger

_SAID_AT_ONCE: Final = 5
_SAID_KEPT: Final = 10_000
_KEPT: Final = 1_000


class Exclusions:
    """Keeps the reasons by path, as the last scans found them."""

    log = Logger()

    def __init__(self) -> None:
        self._by_folder: dict[str, dict[str, str]] = {}
        self._unreadable: dict[str, str] = {}
        self._said: set[tuple[str, str]] = set()
        self._has_changed = False

    def put(self, folder: str, reasons: dict[str, str]) -> None:
        """Replace the reasons found in a folder."""
        self._by_folder.pop(folder, None)
        if reasons:
            self._by_folder[folder] = reasons
            self._has_changed = True

    def forget(self, folders: Set[str]) -> None:
        """Forget the reasons found in some folders and below, before they are scanned again."""
        for name in [each for each in self._by_folder if _lies_in(each, folders)]:
            del self._by_folder[name]

    def unreadable(self, name: str, reason: str) -> None:
        """Add a file that could not be hashed."""
        self._unreadable[name] = f"it cannot be read: {reason}"
        self._has_changed = True

    def readable(self, name: str) -> bool:
        """Remove a file that can be hashed after all, or is gone; return whether it was there."""
        return self._unreadable.pop(name, None) is not None

    def all(self) -> tuple[tuple[str, str], ...]:
        """Return paths and reasons, sorted; the first thousand of them."""
        return tuple(nsmallest(_KEPT, self._current()))

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._unreadable) + sum(map(len, self._by_folder.values()))

    def report(self) -> list[tuple[str, str]]:
        """
        Log the paths that have not been logged yet: a few one by one, others as a number.

        :returns: all of these, sorted.
        """
        if not self._has_changed:
            return []
        self._has_changed = False
        current = self._current()
        fresh = sorted(current - self._said)
        # A large library is scanned in parts: each may bring very many.
        are_named = len(fresh) <= _SAID_AT_ONCE or not self._said
        named = fresh[:_SAID_AT_ONCE] if are_named else []
        for path, reason in named:
            self.log.warn("not shared: {path!r}: {reason}", path=path, reason=reason)
        if len(fresh) > len(named):
            self.log.warn("not shared: {count} more", count=len(fresh) - len(named))
        # Files that cannot be read are tried again by every scan: what was said stays said.
        self._said.update(fresh)
        if len(self._said) > _SAID_KEPT + len(current):
            self._said = current
        return fresh

    def _current(self) -> set[tuple[str, str]]:
        found = {each for reasons in self._by_folder.values() for each in reasons.items()}
        return found | set(self._unreadable.items())


def _lies_in(path: str, folders: Set[str]) -> bool:
    return "" in folders or any(
        above in folders for above in accumulate(path.split("/"), "{}/{}".format)
    )
