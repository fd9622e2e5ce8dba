"""A disk that stands still holds up what is written to it, and nothing else."""

import random
import subprocess
import time

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.abused import Network
from tests.process.daemons import scratch_folder, wait_until
from tests.process.lag import LAG_SECONDS
from tests.process.stranger import CHUNK
from tests.process.test_abuse_power import run

_DISK_BYTES = 256 * CHUNK
_STILL_SECONDS = 8.0
_SAVED_SECONDS = 60.0


@pytest.mark.slow
class StandingDiskTests(SynchronousTestCase):
    """s1 keeps its downloads on a disk of its own, and s3 fetches what s1 has on another."""

    def setUp(self) -> None:
        scratch = scratch_folder(self)
        image, self.disk = scratch / "image", scratch / "disk"
        self.disk.mkdir()
        with image.open("wb") as file:
            file.truncate(_DISK_BYTES)
        run("mkfs.ext4", "-q", str(image))
        run("mount", "-o", "loop", str(image), str(self.disk))
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], check=True)
        # If it cannot stand still, there is nothing to test.
        run("fsfreeze", "-f", str(self.disk))
        run("fsfreeze", "-u", str(self.disk))
        self.content = random.Random(1).randbytes(120 * CHUNK)
        self.network = Network(
            "s1",
            "s2",
            "s3",
            files={"s2": {"coming.bin": self.content}, "s1": {"going.bin": self.content[CHUNK:]}},
            options={"s1": (f"--downloads={self.disk}", "--max-down=8M"), "s3": ("--max-down=8M",)},
        )
        self.addCleanup(self.network.end)

    def sizes(self) -> tuple[int, int]:
        """Tell how much of both downloads has been written."""
        coming = self.disk.glob(".p2p-*.part")
        going = (self.network.folder / "s3" / "Downloads").glob(".p2p-*.part")
        both = [sum(path.stat().st_blocks * 512 for path in each) for each in (coming, going)]
        return both[0], both[1]

    def test_stands_still(self) -> None:
        """Nobody waits, uploads go on, no link is lost, and then the download goes on by itself."""
        s1, s3 = self.network.daemons["s1"], self.network.daemons["s3"]
        s3.type("get going.bin")
        s1.type("get coming.bin")
        wait_until(lambda: min(self.sizes()) > 4 * CHUNK, "both downloads")
        links = [daemon.log.count("linked with") for daemon in (s1, s3)]
        probe = self.network.probe("s1")
        subprocess.run(["fsfreeze", "-f", self.disk], check=True)
        try:
            time.sleep(1.0)
            before = self.sizes()
            time.sleep(_STILL_SECONDS - 1.0)
            after = self.sizes()
            said = self.network.type("s1", "transfers", "coming.bin")
        finally:
            subprocess.run(["fsfreeze", "-u", self.disk], check=True)
        self.assertIn("from s2", said)
        self.assertLess(probe.stop(), LAG_SECONDS)
        self.assertEqual(after[0], before[0])
        self.assertGreater(after[1], before[1] + 10 * CHUNK)
        s1.wait_for_log("saved coming.bin", _SAVED_SECONDS)
        s3.wait_for_log("saved going.bin", _SAVED_SECONDS)
        self.assertEqual((self.disk / "coming.bin").read_bytes(), self.content)
        self.assertEqual([daemon.log.count("linked with") for daemon in (s1, s3)], links)
        self.assertEqual(self.network.complaints(), [])
