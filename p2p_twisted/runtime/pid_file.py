"""Tell a pid file that is in use from one that a crash has left."""

import fcntl
import os
from contextlib import suppress
from typing import Final

from twisted.application.service import Service
from typing_extensions import override

_READ_BYTES: Final = 32
_FLAGS: Final = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def remove_stale(path: str) -> str | None:
    """
    Remove a pid file that no daemon has locked.

    Its number says little: after a crash another program may have it, in a container nearly
    always does, and a power cut leaves the file empty.

    :returns: the number in one that a daemon has locked; ``None`` where there is none now.
    :raises OSError: when it cannot be opened or removed.
    """
    with suppress(FileNotFoundError):
        fd = os.open(path, _FLAGS)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path)
        except BlockingIOError:
            return os.read(fd, _READ_BYTES).decode("ascii", "replace").strip()
        finally:
            os.close(fd)
    return None


class PidFileService(Service):
    """
    Locks the pid file that twistd has written, until the process ends.

    :param path: of the file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: int | None = None

    @override
    def privilegedStartService(self) -> None:
        super().privilegedStartService()
        # After the fork, and as the user to whom the file belongs.
        with suppress(OSError):
            self._fd = os.open(self._path, _FLAGS)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Unlock it, as the end of the process does."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
