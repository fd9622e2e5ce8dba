"""Name part files, and remove those that nobody wants any more."""

import os
import re
from collections.abc import Callable, Container
from itertools import accumulate
from typing import Final

from blake3 import blake3
from twisted.logger import Logger

from p2p_twisted.wire.names import FileId

ABANDONED_SECONDS: Final = 24 * 3600.0

_PREFIX: Final = ".p2p-"
_SUFFIX: Final = ".part"
_PART: Final = re.compile(r"\.p2p-[0-9a-f]{16}\.part\Z")

_log = Logger()


def part_name(target: str, file_id: FileId) -> str:
    """Return what the part file of a target is called."""
    key = blake3(f"{file_id} {target}".encode()).hexdigest()
    return f"{_PREFIX}{key[:16]}{_SUFFIX}"


def remove_abandoned(
    folder: str, spared: Container[str], now: float, is_wanted: Callable[[], bool]
) -> None:
    """
    Remove part files below a folder that were last written to more than a day ago; blocks.

    :param spared: part files, and folders of part files, that are still wanted.
    :param now: seconds since the epoch, as files have them.
    :param is_wanted: is called before each folder that is looked into.
    """
    for path, _folders, names, folder_fd in os.fwalk(folder):
        if not is_wanted():
            return
        below = os.path.relpath(path, folder).split(os.sep)
        for name in filter(_PART.match, names):
            ways = accumulate([*below, name] if path != folder else [name], "{}/{}".format)
            if not any(_named(way) in spared for way in ways):
                _remove_if_old(folder_fd, name, now)


def _remove_if_old(folder_fd: int, name: str, now: float) -> None:
    try:
        status = os.lstat(name, dir_fd=folder_fd)
        # A crash just before it was published may have left it with its original's time.
        if now - min(status.st_mtime, status.st_ctime) > ABANDONED_SECONDS:
            _log.info("removing {name}: nobody wants it any more", name=name)
            os.unlink(name, dir_fd=folder_fd)
    except OSError as error:
        _log.warn("{name} cannot be removed: {error}", name=name, error=error)


def _named(native_path: str) -> str:
    return os.fsencode(native_path).decode(errors="replace")
