"""A disk that fails at any one call of a download: nothing wrong stands under a final name."""

import random
import shutil
import subprocess
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire.chunks import content_id
from tests.process.abused import Network
from tests.process.daemons import PATIENCE, wait_until
from tests.process.stranger import CHUNK

NAME = "big.bin"
CONTENT = random.Random(1).randbytes(3 * CHUNK + 5)
_WRITES = 4
_PATIENCE_SECONDS = 3 * PATIENCE


@contextmanager
def failing(pid: int, call: str, error: str, first: int, path: Path | None) -> Iterator[None]:
    """
    Have a system call of a process fail.

    :param first: of the calls of each thread, the one that fails first; so do those after it.
    :param path: only calls on this file.
    :raises SkipTest: where nobody may do so.
    """
    strace = shutil.which("strace")
    if strace is None:
        raise unittest.SkipTest("this needs strace: apt install strace")
    fault = f"inject={call}:error={error}:when={first}+"
    command = [strace, "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", fault]
    if path is not None:
        command += ["-P", str(path)]
    with subprocess.Popen([*command, "-p", str(pid)], stderr=subprocess.PIPE, text=True) as tracer:

        def is_traced() -> bool:
            if tracer.poll() is not None:
                assert tracer.stderr is not None
                raise unittest.SkipTest(f"strace may not: {tracer.stderr.read().strip()}")
            tasks = Path(f"/proc/{pid}/task").iterdir()
            return all("TracerPid:\t0" not in (task / "status").read_text() for task in tasks)

        try:
            wait_until(is_traced, "strace to attach")
            yield
        finally:
            tracer.terminate()


@pytest.mark.slow
class FaultTests(SynchronousTestCase):
    """s1 downloads a file of four chunks, and its disk fails."""

    def setUp(self) -> None:
        self.network = Network("s1", "s2", files={"s2": {NAME: CONTENT}})
        self.addCleanup(self.network.end)
        self.network.exchange("s1", "s2")
        self.daemon = self.network.daemons["s1"]
        self.downloads = self.network.folder / "s1" / "Downloads"
        self.wants = self.network.folder / "s1" / ".p2p" / "wants"
        file = content_id(CONTENT)
        part = self.downloads / Inbox(str(self.downloads)).part_path(NAME, file)
        written = [self.wants / f"{file}{suffix}.new" for suffix in (".json", ".digests")]
        self.faults = [
            *(("pwrite64", first, part) for first in range(1, 1 + _WRITES)),
            *(("fsync", 1, path) for path in (part, self.downloads, self.wants, *written)),
            *(("write", 1, path) for path in written),
            ("linkat", 1, None),
        ]

    def test_full(self) -> None:
        """Wherever the disk is full, it says so, and goes on by itself when there is space."""
        for call, first, path in self.faults:
            with self.subTest(call=call, first=first, path=path):
                with failing(self.daemon.pid, call, "ENOSPC", first, path):
                    said = f"{NAME} waits: the disk is full"
                    self.network.type("s1", f"get {NAME}", said)
                    self.assert_nothing_wrong()
                self.wait_until_saved()
                self.start_over()

    def test_broken(self) -> None:
        """Wherever the disk fails, it says so, and what is tried again afterwards succeeds."""
        for call, first, path in self.faults:
            with self.subTest(call=call, first=first, path=path):
                with failing(self.daemon.pid, call, "EIO", first, path):
                    said = f"{NAME} was not downloaded: the disk could not write"
                    self.network.type("s1", f"get {NAME}", said)
                    self.assert_nothing_wrong()
                # Where only its name may not be safe, it is there.
                again = f"{NAME} is already in" if (self.downloads / NAME).exists() else "saved"
                self.network.type("s1", f"get {NAME}", again)
                self.wait_until_saved()
                self.start_over()

    def assert_nothing_wrong(self) -> None:
        """Under its name there is the whole file, or nothing."""
        if (self.downloads / NAME).exists():
            self.assertEqual((self.downloads / NAME).read_bytes(), CONTENT)

    def wait_until_saved(self) -> None:
        """It is complete, and nothing is left of the work."""

        def is_saved() -> bool:
            return (self.downloads / NAME).exists() and not [
                *self.downloads.glob(".p2p-*"),
                *self.wants.glob("*.json*"),
                *self.wants.glob("*.digests*"),
            ]

        wait_until(is_saved, "the download", _PATIENCE_SECONDS)
        self.assertEqual((self.downloads / NAME).read_bytes(), CONTENT)
        self.assertEqual(self.network.complaints(), [])

    def start_over(self) -> None:
        """Take it away again."""
        for path in self.downloads.glob("big*"):
            path.unlink()
