"""Find out what a file system cannot keep."""

import os
import re
from typing import Final

_WITHOUT_MODES: Final = frozenset(
    ["vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "cifs", "smb3", "drvfs", "vboxsf"]
)
_MOUNTS: Final = "/proc/self/mountinfo"
# See proc_pid_mountinfo(5): two numbers, the device, and behind a dash the type.
_MOUNT: Final = re.compile(r"\S+ \S+ (\d+):(\d+) .* - (\S+) ")


def keeps_modes(device: int) -> bool:
    """
    Return whether files on a device have modes of their own.

    On others all files, or none, seem to be programs, as the mount options say. What cannot be
    found out counts as having them.

    :param device: as a file's status has it.
    """
    wanted = (str(os.major(device)), str(os.minor(device)))
    try:
        with open(_MOUNTS, errors="surrogateescape") as mounts:
            found = filter(None, map(_MOUNT.match, mounts))
            kinds = {match[3] for match in found if match.group(1, 2) == wanted}
    except OSError:
        return True
    return _WITHOUT_MODES.isdisjoint(kinds)
