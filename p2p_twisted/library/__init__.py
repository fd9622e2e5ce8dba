"""Find, hash, search and open what a peer shares."""

from p2p_twisted.library.entries import Shared, Summary
from p2p_twisted.library.inotify import watcher_for
from p2p_twisted.library.library import Library

__all__ = ["Library", "Shared", "Summary", "watcher_for"]
