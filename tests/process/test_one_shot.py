"""``p2p find`` and ``p2p get`` where no peer runs: they start one, and leave nothing behind."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network, Peer

BIG = os.urandom(6_000_000)
SLOWLY = "1M"


@pytest.mark.slow
class OneShotTests(SynchronousTestCase):
    """In a network with one peer, which sends slowly."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        self.temporary, self.here = Path(scratch.name, "tmp"), Path(scratch.name, "here")
        self.temporary.mkdir()
        self.here.mkdir()
        self.network = Network(self)

    def start_network(self) -> Peer:
        self.network.start_registry()
        self.network.write("s1/f1.txt", b"hello")
        self.network.write("s1/big.bin", BIG)
        return self.network.start_peer("s1", "--max-up", SLOWLY).wait_ready()

    def start(self, *words: str) -> "subprocess.Popen[str]":
        started = subprocess.Popen(
            [script("p2p"), *words, "--registry", f"127.0.0.1:{self.network.registry_port}"],
            cwd=self.here,
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(started.kill)
        return started

    def end(self, started: "subprocess.Popen[str]") -> tuple[int, str, str]:
        """Wait for its end; nothing of it is left but what it was to get."""
        said, complained = started.communicate(timeout=PATIENCE)
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.assertEqual(self.peer_pids(), [])
        self.assertEqual(list(self.here.glob(".*")), [])
        return started.returncode, said, complained

    def run_p2p(self, *words: str) -> tuple[int, str, str]:
        return self.end(self.start(*words))

    def peer_pids(self) -> list[int]:
        """Find the temporary peers that run, by the folder that they were given."""
        mark = f"--state={self.temporary}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found += [int(path.parent.name)] if mark in path.read_bytes() else []
            except OSError:
                continue
        return found

    def receive_some(self, started: "subprocess.Popen[str]") -> None:
        """Wait until some of the large file has come."""
        wait_until(lambda: started.poll() is not None or list(self.here.glob(".p2p-*")), "a part")

    def test_killed(self) -> None:
        """What a killed command leaves is removed by the next one."""
        self.start_network()
        started = self.start("get", "big.bin")
        self.receive_some(started)
        started.kill()
        started.communicate(timeout=PATIENCE)
        wait_until(lambda: not self.peer_pids(), "the end of its peer")
        self.assertEqual(len(list(self.temporary.iterdir())), 1)
        self.assertEqual(self.run_p2p("find", "f1")[0], 0)

    def test_finds_and_gets(self) -> None:
        """Files are found, land here or are written out; what is missing has exit code 4."""
        self.start_network()
        code, said, _ = self.run_p2p("find", "f1")
        self.assertEqual(code, 0)
        self.assertNotRegex(said, r"^1 ")
        self.assertRegex(said, r"f1.txt +5 B +[0-9a-f]{16} +s1\n1 result")
        self.assertEqual(self.run_p2p("get", "f1", "-"), (0, "hello", ""))
        self.assertEqual(self.run_p2p("get", "f1")[0], 0)
        self.assertEqual((self.here / "f1.txt").read_bytes(), b"hello")
        code, said, complained = self.run_p2p("get", "f2")
        self.assertEqual((code, said), (4, ""))
        self.assertIn("no peer has f2", complained)

    def test_no_registry(self) -> None:
        """Where no registry is, that is said at once."""
        code, said, complained = self.run_p2p("get", "f1")
        self.assertEqual((code, said), (3, ""))
        self.assertIn("no registry listens at 127.0.0.1", complained)

    def test_signals(self) -> None:
        """Ctrl-C and SIGTERM end it as a shell expects, whatever it is doing."""
        self.start_network()
        for number in (signal.SIGINT, signal.SIGTERM):
            started = self.start("get", "big")
            self.receive_some(started)
            started.send_signal(number)
            self.assertEqual(self.end(started)[0], 128 + number)
        early = self.start("get", "big")
        wait_until(lambda: list(self.temporary.iterdir()), "its folder")
        early.send_signal(signal.SIGINT)
        self.assertEqual(self.end(early)[0], 130)

    def test_killed_peer(self) -> None:
        """It says so when its peer dies; and the peer ends when it is killed itself."""
        self.start_network()
        started = self.start("get", "f1", "big")
        self.receive_some(started)
        [peer] = self.peer_pids()
        os.kill(peer, signal.SIGKILL)
        said, complained = started.communicate(timeout=PATIENCE)
        self.assertEqual((started.returncode, said), (1, ""))
        self.assertIn("the peer for this command ended early", complained)
        self.assertEqual(list(self.temporary.iterdir()), [])
        started = self.start("get", "big")
        wait_until(self.peer_pids, "its peer")
        started.kill()
        started.communicate()
        wait_until(lambda: not self.peer_pids(), "the end of its peer")

    def test_full_disk(self) -> None:
        """What does not fit has exit code 8, and is not waited for."""
        self.start_network()
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "p2p", str(self.here)]
        if os.getuid() != 0 or subprocess.run(mount, check=False).returncode:
            raise SkipTest("a small file system takes root")
        self.addCleanup(subprocess.run, ["umount", str(self.here)], check=True)
        code, said, _ = self.run_p2p("get", "big")
        self.assertEqual(code, 8)
        self.assertIn("big.bin blocked", said)

    def test_bad_options(self) -> None:
        """Options that do not fit each other are refused before anything starts."""
        for words in (
            ("get", "f1", "--peer", "s1"),
            ("get", "f1", "--to", "nowhere"),
            ("get", "f1", "f2", "-"),
            ("get", "f1", "--detach"),
            ("get", "-"),
            ("get", "f1", "--network", "no network"),
        ):
            code, said, complained = self.run_p2p(*words)
            self.assertEqual((code, said), (2, ""), words)
            self.assertEqual(complained.count("\n"), 1, complained)
