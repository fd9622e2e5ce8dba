"""Interfaces of what notices changes below a library's directory."""

from collections.abc import Callable
from typing import Protocol

from p2p_twisted.library.entries import Place

Noticed = Callable[[Place, bool, str | None], None]
"""
Receives a folder in which something changed, whether everything below it must be scanned again
(as folders were added or removed there, or its ignore file has changed), and the path of a
file whose writer closed it.
"""


class Watcher(Protocol):
    """Watches folders, one by one."""

    def watch(self, place: Place) -> bool:
        """
        Notice changes in a folder from now on; watching it twice does no harm.

        :returns: whether changes will be noticed; ``True`` for a folder that is gone.
        """

    def stop(self) -> None:
        """Stop noticing changes."""


WatcherMaker = Callable[[Noticed], Watcher]
"""Makes a watcher, given what to call with each change."""


class NoWatcher:
    """Watches nothing, where the system offers no way to; the library then rescans often."""

    def watch(self, _place: Place) -> bool:
        """Return that changes will not be noticed."""
        return False

    def stop(self) -> None:
        """Ignore it: there is nothing to stop."""
