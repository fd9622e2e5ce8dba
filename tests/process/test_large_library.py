"""Libraries that take long, or cannot be read: their peer is ready, and its log short."""

import os
import re
import shutil
import signal
import time
import unittest

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import script, wait_until
from tests.process.networks import Network, Peer
from tests.process.stranger import CHUNK

_CHUNKS = 100_000
_UNREADABLE = 8_000
_READY_SECONDS = 30.0
_PROCESSOR_SECONDS = 4.0
_LOG_LINES = 20


@pytest.mark.slow
class LargeLibraryTests(SynchronousTestCase):
    """One peer, and more than it can hash at once, or than it can read."""

    def setUp(self) -> None:
        self.network = Network(self)
        self.network.start_registry()
        self.shared = self.network.directory / "s1"

    def test_ready(self) -> None:
        """A peer that hashes for minutes is ready soon after it has joined, and leaves at once."""
        self.shared.mkdir()
        with (self.shared / "immense").open("wb") as file:
            # Nearly nothing on the disk, but something in each chunk.
            for index in range(_CHUNKS):
                os.pwrite(file.fileno(), b"1", index * CHUNK)
        # On one core, which the peer inherits, hashing it takes half a minute and more.
        cores = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, cores)
        os.sched_setaffinity(0, {min(cores)})
        peer = self.network.start_peer("s1")
        peer.wait_for_log("joined as s1")
        peer.wait_ready(_READY_SECONDS)
        self.assertIn("still being hashed", peer.answer("status", "directory"))
        self.assertEqual(peer.stop(), -signal.SIGTERM)

    def test_unreadable(self) -> None:
        """Files that cannot be read take little time, and few lines of the log."""
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise unittest.SkipTest("this needs setpriv (Debian: apt install util-linux)")
        self.shared.mkdir()
        for number in range(_UNREADABLE):
            (self.shared / f"f{number}").touch(mode=0)
        # Otherwise root could read them.
        drop = "-dac_override,-dac_read_search"
        without = [f"--bounding-set={drop}", f"--inh-caps={drop}"] if os.geteuid() == 0 else []
        peer = Peer(
            *without,
            script("twistd"),
            "-n",
            *self.network.command("s1"),
            command=setpriv,
            cwd=self.network.directory,
        )
        self.addCleanup(peer.end)
        peer.wait_ready()

        def told() -> int:
            """Count those that the log names, and those that it counts."""
            more = map(int, re.findall(r"not shared: (\d+) more", peer.log))
            return sum(more) + peer.log.count("not shared: '")

        wait_until(lambda: told() == _UNREADABLE, "all are told")
        time.sleep(5.0)
        self.assertLessEqual(len(peer.log.splitlines()), _LOG_LINES)
        self.assertLess(processor_seconds(peer.pid), _PROCESSOR_SECONDS)


def processor_seconds(pid: int) -> float:
    """Tell how much processor time a process has had."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
