"""Locks by path, so that only one download at a time works on a part file."""

from twisted.internet.defer import Deferred

from p2p_twisted.runtime.lock import Lock


class PathLocks:
    """A lock for each path in use; waiters get it in the order of asking."""

    def __init__(self) -> None:
        self._locks: dict[str, Lock] = {}

    def acquire(self, path: str) -> "Deferred[None]":
        """Fire once the path is free and locked; canceling stops waiting."""
        return self._locks.setdefault(path, Lock()).acquire()

    def is_taken(self, path: str) -> bool:
        """Return whether a path is locked."""
        return path in self._locks

    def release(self, path: str) -> None:
        """Unlock a path; the next waiter gets it."""
        lock = self._locks[path]
        if not lock.is_awaited:
            del self._locks[path]
        lock.release()
