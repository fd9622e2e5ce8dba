"""A full disk costs a download its time, and nobody anything else."""

import os
import random
import subprocess
import threading
import unittest
from pathlib import Path
from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.abused import Network
from tests.process.daemons import scratch_folder, wait_until
from tests.process.odd_holder import a_holder, begin_push, serve_chunks
from tests.process.stranger import CHUNK, a_hit, digests_of

_DISK_BYTES = 8 * CHUNK


@pytest.mark.slow
class FullDiskTests(SynchronousTestCase):
    """s1 keeps its downloads on a disk of 8 MiB."""

    def setUp(self) -> None:
        self.disk = scratch_folder(self)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(self.disk)]
        mounted = subprocess.run(mount, capture_output=True, text=True)
        if mounted.returncode:
            raise unittest.SkipTest(f"cannot mount a small disk: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=True)
        self.content = random.Random(1).randbytes(6 * CHUNK)
        # No zeros: those would be holes.
        files = {"s2": {"mid.bin": self.content, "big.bin": b"x" * (2 * _DISK_BYTES)}}
        options = {"s1": (f"--downloads={self.disk}",)}
        self.network = Network("s1", "s2", files=files, options=options)
        self.addCleanup(self.network.end)

    def fill(self, left: int) -> Path:
        """Have somebody else use the disk, up to so many bytes."""
        state = os.statvfs(self.disk)
        junk = self.disk / "junk"
        junk.write_bytes(bytes(state.f_bavail * state.f_frsize - left))
        return junk

    def names(self) -> set[str]:
        """Name what stands on the disk under names that people use."""
        return {path.name for path in self.disk.iterdir() if not path.name.startswith(".")}

    def test_too_large(self) -> None:
        """What cannot fit is not begun."""
        said = self.network.type("s1", "get big.bin", "big.bin waits: the disk is full")
        self.assertIn("16,777,216 bytes are needed", said)
        self.assertEqual(self.names(), set())
        self.network.type("s1", "get mid.bin", "saved mid.bin")
        self.assert_saved()

    def test_used_up_by_others(self) -> None:
        """Where space is gone when a download begins, it goes on by itself once there is some."""
        junk = self.fill(left=2 * CHUNK)
        self.network.type("s1", "get mid.bin", "mid.bin waits: the disk is full")
        self.assertEqual(self.names(), {"junk"})
        junk.unlink()
        self.network.daemons["s1"].wait_for_log("saved mid.bin")
        self.assert_saved()

    def test_used_up_on_the_way(self) -> None:
        """Where it goes while a download runs, what has arrived is kept."""
        is_full = threading.Event()

        def deliver(want: dict[str, Any]) -> None:
            with begin_push(want, self.content) as line:
                line.write(digests_of(self.content))
                line.hear("SEND")
                for index in (0, 1):
                    line.say("CHUNK", index=index, length=CHUNK)
                    line.write(self.content[index * CHUNK : (index + 1) * CHUNK])
                is_full.wait()
                for index in (2, 3, 4, 5):
                    line.say("CHUNK", index=index, length=CHUNK)
                    line.write(self.content[index * CHUNK : (index + 1) * CHUNK])
                serve_chunks(line, self.content)

        hits = [a_hit(self.content, "mid.bin", "a-slow-one")]
        with a_holder(self.network.port("s1"), "a-slow-one", hits, deliver):
            self.network.daemons["s1"].type("get mid.bin --from a-slow-one")
            wait_until(lambda: self.used() >= 2 * CHUNK, "two chunks")
            junk = self.fill(left=CHUNK // 2)
            is_full.set()
            self.network.daemons["s1"].wait_for_log("mid.bin waits: the disk is full")
        self.assertEqual(self.names(), {"junk"})
        self.assertGreaterEqual(self.used() - junk.stat().st_size, 2 * CHUNK)
        junk.unlink()
        self.network.type("s1", "resume 1", "saved mid.bin")
        self.assert_saved()

    def used(self) -> int:
        """Tell how much of the disk is used."""
        state = os.statvfs(self.disk)
        return (state.f_blocks - state.f_bfree) * state.f_frsize

    def assert_saved(self) -> None:
        """The download is complete, and nothing else is there or was logged."""
        self.assertEqual((self.disk / "mid.bin").read_bytes(), self.content)
        self.assertEqual(self.names(), {"mid.bin"})
        self.assertEqual(self.network.complaints(), [])
