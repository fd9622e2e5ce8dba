"""Strangers fill no log, and a log that nobody reads stops nobody."""

import contextlib
import os
import re
import subprocess
import threading

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.abused import AbusedCase, Network, memory_of
from tests.process.daemons import Daemon, full_pipe, wait_until
from tests.process.stranger import call

_THREADS = 4
_BAD = [
    b"XYZ {}\nABC {}\n\x1b[2J {}\n",
    b'LINK {"name": "\\u202e"}\n' * 3,
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b'PUSH {"ticket": "%s", "file": "%s", "size": 7}\n' % (b"a" * 32, b"b" * 64),
    b"P2P {\n",
    b"\x00\xff\xfe\n" * 3,
]


def flood(port: int, connections: int) -> None:
    """Say bad lines on very many connections, one after the other."""

    def say() -> None:
        for number in range(connections // _THREADS):
            with contextlib.suppress(OSError), call(port) as line:
                line.write(_BAD[number % len(_BAD)])
                line.is_cut()

    threads = [threading.Thread(target=say) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.slow
class LogTests(AbusedCase):
    """What logs have after a flood."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        # What the first of many connections takes is not given back, but used again.
        for name in ("registry", "s1"):
            flood(cls.network.port(name), 2_000)
        cls.remember_memory()

    def assert_short(self, connections: int, size: int) -> None:
        """Flood both daemons; their logs grow by less than so many bytes."""
        for name in ("registry", "s1"):
            daemon = self.network.daemons[name]
            before = len(daemon.log)
            flood(self.network.port(name), connections)
            self.assertLess(len(daemon.log) - before, size, daemon.log[before:][:2_000])

    def test_flood(self) -> None:
        """A hundred thousand bad lines leave hardly a trace."""
        self.assert_short(40_000, 100_000)


@pytest.mark.slow
class UnreadOutputTests(SynchronousTestCase):
    """Nobody reads what s3 prints: a pipe that was full before it began."""

    def test_nobody_reads(self) -> None:
        """It answers, serves and takes commands all the same, in little memory."""
        network = Network("s1")
        self.addCleanup(network.end)
        shared = network.folder / "s3"
        shared.mkdir()
        (shared / "from-s3.txt").write_bytes(b"from s3\n" * 99_999)
        (network.folder / "s1" / "for-s3.txt").write_bytes(b"for s3\n" * 99_999)
        write = full_pipe(self)
        unread = Daemon(
            "-n",
            "p2ppeer",
            "--name=s3",
            f"--registry=127.0.0.1:{network.registry_port}",
            cwd=network.folder,
            stdin=subprocess.PIPE,
            stdout=write,
        )
        os.close(write)
        self.addCleanup(unread.end)
        unread.wait_ready()
        linked = re.compile(r"linked with s3@127\.0\.0\.1:([0-9]+)")
        log = network.daemons["s1"].log
        port = int(wait_until(lambda: linked.search(network.daemons["s1"].log), "a link")[1])
        self.assertNotIn("Traceback", log)
        memory = memory_of(unread.pid)
        for _ in range(200):
            unread.type("TOPO")
        flood(port, 1_000)
        unread.type("get for-s3.txt")
        saved = shared / "Downloads" / "for-s3.txt"
        wait_until(saved.exists, "its download")
        self.assertEqual(network.get("s1", "from-s3.txt"), b"from s3\n" * 99_999)
        self.assertLess(memory_of(unread.pid) - memory, 16 << 20)
        unread.type("leave")
        self.assertEqual(unread.wait(), 0)
        self.assertEqual(network.complaints(), [])
