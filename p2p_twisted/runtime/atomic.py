"""Replace a file so that a crash leaves what it was or what it is to be."""

import os
from typing import Final

from p2p_twisted.runtime.openat import Fsync, sync_folder

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC


def replace_file(path: str, content: bytes, *, mode: int, fsync: Fsync = os.fsync) -> None:
    """
    Write a file in place of the one that has its name, if any; both are safe afterwards.

    It is written beside that one first, as ``path.new``: only one call at a time may be at
    work on a path.

    :param mode: its permissions, but for the umask.
    :raises OSError: when it cannot be written, and the old file is still there; or when it is
        written, but its folder cannot be flushed.
    """
    scratch = f"{path}.new"
    with os.fdopen(os.open(scratch, _FLAGS, mode), "wb") as file:
        file.write(content)
        file.flush()
        fsync(file.fileno())
    os.replace(scratch, path)
    sync_folder(os.path.dirname(path), fsync)
