"""Make a folder for one command, and remove those of commands that were killed."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from p2p_twisted.runtime.os_errors import umask_fault

_PREFIX: Final = "p2p-one-shot-"
_NEW_PREFIX: Final = "p2p-new-"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def temporary_folder() -> Iterator[tuple[Path, int]]:
    """
    Make a folder that is removed behind the block.

    It is locked by ``flock(2)`` for as long as a process has the descriptor that is given with it:
    hand that on to those that use the folder. One that nobody has locked belonged to a process that
    was killed, and is removed here.

    :raises OSError: when it cannot be made.
    """
    if (fault := umask_fault()) is not None:
        raise OSError(fault)
    _remove_left()
    made = Path(tempfile.mkdtemp(prefix=_NEW_PREFIX))
    lock = os.open(made, _FOLDER)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Only one that is locked has a name by which it would be removed.
        made = made.rename(made.with_name(made.name.replace(_NEW_PREFIX, _PREFIX)))
        yield made, lock
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(lock)


def _remove_left() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            folder = os.open(path, _FOLDER)
            try:
                if os.fstat(folder).st_uid == os.getuid():
                    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(folder)
