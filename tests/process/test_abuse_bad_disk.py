"""A disk of which some cannot be read any more: its peer does not share that, and says so."""

import os
import random
import subprocess
import unittest
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, scratch_folder
from tests.process.networks import Network
from tests.process.stranger import CHUNK
from tests.process.test_abuse_power import run

_DISK_BYTES = 64 * CHUNK
_GOOD_BYTES = 24 * CHUNK
_CONTENT = random.Random(1).randbytes(24 * CHUNK)


@pytest.mark.slow
class BadDiskTests(SynchronousTestCase):
    """s1 shares a file of 24 MiB on a disk of its own; the second half of it gets lost."""

    def setUp(self) -> None:
        scratch = scratch_folder(self)
        self.image, self.disk = scratch / "image", scratch / "disk"
        self.disk.mkdir()
        with self.image.open("wb") as file:
            file.truncate(_DISK_BYTES)
        run("mkfs.ext4", "-q", str(self.image))
        # Past the cache: what its file does not have any more is an error then, and not zeros.
        found = ["losetup", "--show", "--find", "--direct-io=on", str(self.image)]
        made = subprocess.run(found, capture_output=True, text=True, check=False)
        if made.returncode:
            raise unittest.SkipTest(f"there is no such loop device here: {made.stderr.strip()}")
        self.loop = made.stdout.strip()
        self.addCleanup(subprocess.run, ["losetup", "--detach", self.loop], check=True)
        run("mount", self.loop, str(self.disk))
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=True)
        self.network = Network(self)
        self.network.start_registry()

    def lose(self) -> None:
        """Have what is far back on the disk be lost, and nothing of it be in memory."""
        os.sync()
        os.truncate(self.image, _GOOD_BYTES)
        for path in self.disk.glob("*.bin"):
            fd = os.open(path, os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
            try:
                path.read_bytes()
            except OSError:
                continue
            raise unittest.SkipTest("this loop device gives zeros instead")

    def start_holder(self, state: Path) -> None:
        state.mkdir()
        here = ("--directory", str(self.disk), "--state", str(state))
        self.holder = self.network.start_peer("s1", *here).wait_ready()
        self.holder.wait_until_shared(1)

    def test_lost(self) -> None:
        """A download ends; its holder says what cannot be read, and shares it no more."""
        (self.disk / "big.bin").write_bytes(_CONTENT)
        self.start_holder(self.network.directory / "state")
        [s2] = self.network.start_peers("s2")
        s2.wait_for_topology("s1", "s2")
        self.lose()
        s2.type("get big.bin")
        self.holder.wait_for_log("is not shared: it cannot be read: the disk may be failing")
        gone = "big.bin was not downloaded: s1 does not share it any more, and nobody else does"
        s2.wait_for_log(gone, 4 * PATIENCE)
        s2.answer("explain big", "s1: the file cannot be read; the disk may be failing")
        self.holder.answer("status", "not shared: big.bin: it cannot be read")

    def test_elsewhere(self) -> None:
        """Where another peer has it, too, it comes from there."""
        (self.disk / "big.bin").write_bytes(_CONTENT)
        self.network.write("s3/big.bin", _CONTENT)
        self.start_holder(self.network.directory / "state")
        s2, s3 = self.network.start_peers("s2", "s3")
        s2.wait_for_topology("s1", "s2", "s3")
        s3.wait_until_shared(1)
        self.lose()
        s2.answer("get big.bin", "saved big.bin to ", 2 * PATIENCE)
        self.assertEqual(self.network.read("s2/Downloads/big.bin"), _CONTENT)
