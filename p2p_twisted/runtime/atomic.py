"""Replace a file so that a crash leaves what it was or what it is to be."""

import os
from contextlib import suppress
from typing import Final

from p2p_twisted.runtime.openat import Fsync

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace_file(
    folder: int, name: str, content: bytes, *, mode: int, fsync: Fsync = os.fsync
) -> None:
    """
    Write a file in place of the one that has its name, if any; both are safe afterwards.

    It is written beside that one first, as ``name.new``: only one call at a time may be at
    work on a name. Whatever an earlier call or somebody else has left there is removed.

    :param folder: a file descriptor of the folder that it is in.
    :param mode: its permissions, but for the umask.
    :raises OSError: when it cannot be written, and the old file is still there; or when it is
        written, but its folder cannot be flushed.
    """
    scratch = f"{name}.new"
    with suppress(FileNotFoundError):
        os.unlink(scratch, dir_fd=folder)
    with os.fdopen(os.open(scratch, _FLAGS, mode, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        fsync(file.fileno())
    os.replace(scratch, name, src_dir_fd=folder, dst_dir_fd=folder)
    fsync(folder)
