"""A recording costs a peer nothing but itself, whatever becomes of its disk."""

import os
import subprocess
import unittest

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.recording.recorded_run import read_run
from tests.process.abused import Network
from tests.process.daemons import scratch_folder, wait_until

_DISK_BYTES = 1_048_576
_TEXT = "x" * 900


@pytest.mark.slow
class FullDiskTests(SynchronousTestCase):
    """s1 records on a disk of 1 MiB, and shares and downloads on another."""

    def setUp(self) -> None:
        disk = scratch_folder(self)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(disk)]
        mounted = subprocess.run(mount, capture_output=True, text=True)
        if mounted.returncode:
            raise unittest.SkipTest(f"cannot mount a small disk: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=True)
        self.path = disk / "events"
        self.network = Network("s1", "s2", options={"s1": (f"--events={self.path}",)})
        self.addCleanup(self.network.end)
        wait_until(lambda: self.path.exists() and self.path.stat().st_size, "the recording")

    def test_full_disk(self) -> None:
        """It ends with one sentence, and can be played up to there; the peer goes on."""
        state = os.statvfs(self.path)
        junk = self.path.with_name("junk")
        junk.write_bytes(bytes(state.f_bavail * state.f_frsize))
        s1 = self.network.daemons["s1"]
        for number in range(20):
            self.network.type("s1", f"find {number}{_TEXT}", "0 files, asked")
        s1.wait_for_log("nothing more is written to")
        self.network.exchange("s1", "s2")
        for number in range(20):
            self.network.type("s1", f"find {number}{_TEXT}", "0 files, asked")
        self.assertEqual(s1.log.count("nothing more is written to"), 1)
        self.assertEqual(self.network.complaints(), [])
        run = read_run(self.path)
        self.addCleanup(run.close)
        self.assertEqual(run.header.name, "s1")
        self.assertLessEqual(run.damaged, 1)
