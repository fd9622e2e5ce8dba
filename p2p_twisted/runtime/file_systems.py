"""Find out what a file system can do, and what it cannot keep."""

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

_WITHOUT_MODES: Final = frozenset(
    ["vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "cifs", "smb3", "drvfs", "vboxsf"]
)
_MOUNTS: Final = "/proc/self/mountinfo"
# See proc_pid_mountinfo(5): the mount, the one above, the device, and behind a dash the type.
_MOUNT: Final = re.compile(r"(\d+) \d+ (\d+):(\d+) .* - (\S+) ")
_OPENED: Final = "/proc/self/fdinfo"
_OPENED_ON: Final = re.compile(rb"^mnt_id:\s*(\d+)$", re.MULTILINE)
# What is looked for is in the third line.
_OPENED_BYTES: Final = 1_024


def keeps_modes(device: int) -> bool:
    """
    Return whether files on a device have modes of their own.

    On others all files, or none, seem to be programs, as the mount options say. What cannot be
    found out counts as having them.

    :param device: as a file's status has it.
    """
    wanted = (str(os.major(device)), str(os.minor(device)))
    try:
        kinds = {mount[4] for mount in _mounts() if mount.group(2, 3) == wanted}
    except OSError:
        return True
    return _WITHOUT_MODES.isdisjoint(kinds)


def kind_of(fd: int) -> str | None:
    """Return the type of the file system of an open file, such as ext4, where the system tells."""
    try:
        # Not by its device: the volumes of btrfs have none that is listed.
        opened = os.open(f"{_OPENED}/{fd}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            found = _OPENED_ON.search(os.read(opened, _OPENED_BYTES))
        finally:
            os.close(opened)
        return None if found is None else _kind_of_mount(found[1].decode(), os.fstat(fd).st_dev)
    except OSError:
        return None


@lru_cache(maxsize=64)
def _kind_of_mount(number: str, _device: int) -> str | None:
    """Look a mount up; another that has its number later is on another device."""
    return next((mount[4] for mount in _mounts() if mount[1] == number), None)


def _mounts() -> Iterator[re.Match[str]]:
    with open(_MOUNTS, errors="surrogateescape") as mounts:
        yield from filter(None, map(_MOUNT.match, mounts))
