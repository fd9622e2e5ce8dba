"""Disks that are full, broken or slow to take what they are given."""

import errno
import os
from typing import Any


class FaultyDisk:
    """A disk on which chosen calls fail."""

    def __init__(self, **errors: int) -> None:
        self.errors = errors
        self.calls_before = 0

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if name in self.errors:
                if self.calls_before <= 0:
                    raise OSError(self.errors[name], os.strerror(self.errors[name]))
                self.calls_before -= 1
            return getattr(os, name)(*args, **kwargs)

        return call


class NoPartIsSafe(FaultyDisk):
    """A disk that fails to make part files safe."""

    def __init__(self, error: int = errno.EIO) -> None:
        super().__init__()
        self.error = error

    def fsync(self, fd: int) -> None:
        if self.error and os.readlink(f"/proc/self/fd/{fd}").endswith(".part"):
            raise OSError(self.error, os.strerror(self.error))


class Small(FaultyDisk):
    """A disk with 1 MiB left."""

    def fstatvfs(self, fd: int) -> os.statvfs_result:
        state = list(os.fstatvfs(fd))
        state[0] = state[1] = 4096
        state[4] = 256
        return os.statvfs_result(state)


class ShortWrites:
    """A disk that writes a thousand bytes at a time."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def pwrite(self, fd: int, data: memoryview, offset: int) -> int:
        return os.pwrite(fd, data[:1000], offset)
