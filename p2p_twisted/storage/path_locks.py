"""Let only one at a time work on the same part file."""

from twisted.internet.defer import Deferred, DeferredLock


class PathLocks:
    """Who works on a path, and who waits for it to be free."""

    def __init__(self) -> None:
        self._locks: dict[str, DeferredLock] = {}

    def acquire(self, path: str) -> "Deferred[DeferredLock]":
        """Wait for one's turn; it may be canceled before it has come."""
        return self._locks.setdefault(path, DeferredLock()).acquire()

    def is_taken(self, path: str) -> bool:
        """Tell whether somebody works on a path."""
        return path in self._locks

    def release(self, path: str) -> None:
        """Let the next one begin."""
        lock = self._locks[path]
        if not lock.waiting:
            del self._locks[path]
        lock.release()
