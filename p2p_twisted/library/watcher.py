"""What tells a library that something below its directory has changed."""

from collections.abc import Callable
from typing import Protocol

from p2p_twisted.library.entries import Place

Noticed = Callable[[Place, bool, str | None], None]
"""
Is told of a folder in which something changed, whether folders came or went there (then
everything below it is to be looked at), and the path of a file whose writer closed it.
"""


class Watcher(Protocol):
    """Watches folders, one by one."""

    def watch(self, place: Place) -> bool:
        """
        Notice from now on what changes in a folder; again does no harm.

        :returns: whether changes will be noticed; a folder that is gone has none.
        """

    def stop(self) -> None:
        """Notice nothing any more."""


WatcherMaker = Callable[[Noticed], Watcher]
"""Makes a watcher, given whom to tell."""


class NoWatcher:
    """Stands where the system offers nothing: the library looks by itself, often."""

    def watch(self, _place: Place) -> bool:
        """Say that nothing will be noticed."""
        return False

    def stop(self) -> None:
        """Do nothing."""
