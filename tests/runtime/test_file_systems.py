"""What file systems cannot keep."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime import file_systems
from p2p_twisted.runtime.file_systems import keeps_modes

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
30 27 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw
31 30 8:17 / /media/stick\\040of\\040mine rw - vfat /dev/sdb1 rw,fmask=0022
32 30 0:44 / /mnt/share - cifs //server/share rw
not a mount
"""


class ModesTests(SynchronousTestCase):
    """Whether files have modes of their own."""

    def test_kinds(self) -> None:
        """By the kind of what is mounted; what is not known may have them."""
        path = Path(self.mktemp())
        path.write_text(MOUNTS)
        self.patch(file_systems, "_MOUNTS", str(path))
        devices = {(8, 1): True, (8, 17): False, (0, 44): False, (1, 1): True, (81, 7): True}
        for device, expected in devices.items():
            self.assertEqual(keeps_modes(os.makedev(*device)), expected, device)

    def test_no_list(self) -> None:
        """Where the system does not list what is mounted, files may have them."""
        self.patch(file_systems, "_MOUNTS", "/nowhere/mountinfo")
        self.assertTrue(keeps_modes(os.stat("/").st_dev))

    def test_this_machine(self) -> None:
        """What is under the system's own folders has them."""
        self.assertTrue(keeps_modes(os.stat("/").st_dev))
