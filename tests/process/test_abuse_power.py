"""The power fails while downloads are saved."""

import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.storage.journal import Journal
from p2p_twisted.wire.chunks import content_id
from tests.process import inbox_writer
from tests.process.daemons import scratch_folder, wait_until
from tests.process.inbox_writer import content_of, name_of

_CUTS = 12
_DISK_BYTES = 512 << 20
_LET_GO_SECONDS = 180.0
# ext4 forgets at once all that it has not written: EXT4_IOC_SHUTDOWN, with NOLOGFLUSH.
_SHUTDOWN = 0x8004587D
_NOTHING_MORE = struct.pack("I", 2)


def run(*command: str) -> None:
    """Run a command; skip the test where it cannot be."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise unittest.SkipTest(
            f"this needs {command[0]} (Debian: apt install e2fsprogs)"
        ) from None
    if done.returncode:
        raise unittest.SkipTest(f"{command[0]} does not work here: {done.stderr.strip()}")


@pytest.mark.slow
class PowerTests(SynchronousTestCase):
    """An ext4 file system in a file, which loses what the disk would lose."""

    def setUp(self) -> None:
        scratch = scratch_folder(self)
        self.image = scratch / "image"
        self.folder = scratch / "disk"
        self.folder.mkdir()
        with self.image.open("wb") as image:
            image.truncate(_DISK_BYTES)
        run("mkfs.ext4", "-q", str(self.image))
        self.mount()
        self.addCleanup(self.unmount)
        self.numbers = random.Random(1)

    def mount(self) -> None:
        """Have the disk, as it is after a restart."""
        run("mount", "-o", "loop", str(self.image), str(self.folder))

    def unmount(self) -> None:
        """Let go of the disk; not lazily, or what it has forgotten might come back."""

        def is_unmounted() -> bool:
            umount = ["umount", str(self.folder)]
            return not subprocess.run(umount, stderr=subprocess.DEVNULL).returncode

        def is_gone() -> bool:
            return not subprocess.check_output(["losetup", "-j", str(self.image)])

        wait_until(is_unmounted, "the disk to be let go of")
        # Whoever runs in a mount namespace made meanwhile, as ip netns exec makes one, has it too.
        wait_until(is_gone, "everybody to let go of the disk", _LET_GO_SECONDS)

    def test_cuts(self) -> None:
        """What was announced is there, and no name stands for anything but the whole file."""
        announced = 0
        for cut in range(_CUTS):
            first = cut * 10_000
            saved = self.saved_until_cut(first)
            self.assertEqual(self.present() - {*saved, first + len(saved)}, set())
            self.assertEqual(set(saved) - self.present(), set())
            announced += len(saved)
            self.assert_journal(range(first, first + len(saved) + 1))
            shutil.rmtree(self.folder / "Downloads")
            shutil.rmtree(self.folder / "wants")
        self.assertGreater(announced, _CUTS)

    def saved_until_cut(self, first: int) -> list[int]:
        """Save files until the power fails; tell which ones were announced."""
        command = [sys.executable, inbox_writer.__file__, str(self.folder), str(first)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as writer:
            wait_until(lambda: (self.folder / "Downloads").exists(), "the first download")
            time.sleep(self.numbers.uniform(0.05, 1.0))
            disk = os.open(self.folder, os.O_RDONLY)
            try:
                fcntl.ioctl(disk, _SHUTDOWN, _NOTHING_MORE)
            except OSError as error:
                raise unittest.SkipTest(f"ext4 cannot be shut down: {error}") from None
            finally:
                os.close(disk)
                writer.kill()
            assert writer.stdout is not None
            saved = [int(line) for line in writer.stdout if line.endswith("\n")]
        self.unmount()
        self.mount()
        return saved

    def present(self) -> set[int]:
        """Tell which files are there, all of them right."""
        numbers = set()
        for path in self.folder.glob("Downloads/*/*.bin"):
            number = int(path.stem)
            self.assertEqual(path.relative_to(self.folder / "Downloads"), Path(name_of(number)))
            self.assertTrue(path.read_bytes() == content_of(number), f"{path} is damaged")
            numbers.add(number)
        return numbers

    def assert_journal(self, begun: range) -> None:
        """What is written down can be read, and was wanted."""
        wants = Journal(OwnFolder(self.folder / "wants")).all()
        self.assertEqual(list(self.folder.glob("wants/*.damaged")), [])
        files = {content_id(content_of(number)) for number in begun}
        self.assertLessEqual({wanted.file for wanted in wants}, files)
