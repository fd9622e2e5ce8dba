"""Peers that are talked to from other programs: by ``p2p``, and by HTTP."""

import json
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from twisted.trial.unittest import SkipTest, SynchronousTestCase
from typing_extensions import override

from p2p_twisted.api.socket_index import running_peers, socket_folder
from tests.process.commands import run
from tests.process.contents import random_content
from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network, Peer, for_class, use_own_runtime_folder

NOBODY = 65_534
BIG = 1, 20_000_000


def started(case: SynchronousTestCase) -> tuple[Network, Peer, Peer]:
    """Start a registry and two peers, of which the first shares something, until a test is over."""
    use_own_runtime_folder(case)
    network = Network(case)
    network.start_registry()
    network.write("s1/f1.txt", b"hello")
    network.write("s1/big.bin", random_content(*BIG))
    s1, s2 = network.start_peers("s1", "s2")
    return network, s1, s2


class ApiCase(SynchronousTestCase):
    """Two peers that are talked to."""

    network: Network
    s1: Peer
    s2: Peer

    def setUp(self) -> None:
        self.network, self.s1, self.s2 = started(self)

    def p2p(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run the command, from another directory and without what a login gives."""
        # The last one is where a Python that was copied finds its library.
        names = ("PATH", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        return run([script("p2p"), *words], "/", {**kept, **variables})

    def told(self, *words: str) -> Any:
        """Run the command on s2, and read its JSON."""
        ran = self.p2p("--peer", "s2", "--json", *words)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        return json.loads(ran.stdout)


class UnchangedTests(ApiCase):
    """What leaves the peers as they were: they are started once."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.network, cls.s1, cls.s2 = started(for_class(cls))

    @override
    def setUp(self) -> None:
        """Start nothing."""

    def test_which(self) -> None:
        """Where several run, the command says which there are."""
        told = json.loads(self.p2p("status", "--json").stdout)
        self.assertEqual(told["error"]["exit"], 2)
        ran = self.p2p("status")
        self.assertEqual((ran.returncode, ran.stdout), (2, ""))
        self.assertIn("s1, s2; say which, as in --peer s1", ran.stderr)
        self.assertEqual(self.p2p("status", P2P_PEER="s2").returncode, 0)
        ran = self.p2p("status", "--peer", "s3")
        self.assertEqual(ran.returncode, 3)
        self.assertIn("no peer s3 runs", ran.stderr)

    def test_looks(self) -> None:
        """What a peer knows, as text and as JSON."""
        self.assertEqual(self.told("status")["name"], "s2")
        wait_until(lambda: self.told("topo")["links"] == [["s1", "s2"]], "a link")
        self.assertIn('"s1" -- "s2"', self.p2p("--peer", "s2", "topo", "--dot").stdout)
        self.assertEqual(self.told("peers")["peers"], ["s1", "s2"])
        ran = self.p2p("find", "f1", "--peer", "s2")
        self.assertEqual(ran.returncode, 0)
        self.assertRegex(ran.stdout, r"1  f1.txt +5 B +[0-9a-f]{16} +s1\n1 result")
        self.assertEqual(self.p2p("find", "nothing", "--peer", "s2").returncode, 4)
        self.assertEqual(len(self.told("ls", "s1")["hits"]), 2)

    def test_tells(self) -> None:
        """What happens, and the log, are told as they come."""
        said = self.network.directory / "events"
        with said.open("w") as output:
            watching = subprocess.Popen([script("p2p"), "--peer", "s2", "events"], stdout=output)
        self.addCleanup(watching.kill)

        def is_told() -> bool:
            self.p2p("find", "f1", "--peer", "s2")
            return "1 result" in said.read_text()

        wait_until(is_told, "an answer")
        watching.send_signal(signal.SIGINT)
        self.assertEqual(watching.wait(), 130)
        self.assertIn("joined as s2", self.p2p("log", "--peer", "s2").stdout)

    def test_own_user_only(self) -> None:
        """Another user can neither reach the socket nor, if it were open, be answered."""
        if os.getuid() != 0:
            raise SkipTest("becoming another user takes root")
        path = next(place.path for place in running_peers() if place.name == "s2")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)
        self.assertIn("PermissionError", _ask_as_nobody(path))
        # As if somebody had opened all that is in the way.
        for each in (path.parent.parent, path.parent):
            self.addCleanup(each.chmod, stat.S_IMODE(each.stat().st_mode))
            each.chmod(0o755)
        path.chmod(0o666)
        self.assertIn("403 Forbidden", _ask_as_nobody(path))


class ApiTests(ApiCase):
    def test_gets(self) -> None:
        """Files arrive; what fails has its exit code."""
        ran = self.p2p("get", "f1", "big.bin", "--peer", "s2")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(self.network.read("s2/Downloads/f1.txt"), b"hello")
        self.assertEqual(self.network.read("s2/Downloads/big.bin"), random_content(*BIG))
        self.assertEqual(self.p2p("get", "f1", "--peer", "s2").returncode, 0)
        ran = self.p2p("get", "f2", "--peer", "s2")
        self.assertEqual((ran.returncode, ran.stdout), (4, ""))
        self.assertIn("no peer has f2", ran.stderr)
        self.assertEqual(self.p2p("get", "f1.txt", "f2", "--peer", "s2").returncode, 10)

    @pytest.mark.slow
    def test_dies(self) -> None:
        """A peer that dies takes its downloads with it, and that is no success."""
        self.told("limit", "down", "1M")
        getting = subprocess.Popen(
            [script("p2p"), "--peer", "s2", "get", "big.bin"], stderr=subprocess.PIPE, text=True
        )
        self.addCleanup(getting.kill)
        wait_until(lambda: self.told("transfers")["downloads"], "the download")
        self.s2.kill()
        self.assertIn("s2 has ended, and the downloads with it", getting.communicate()[1])
        self.assertEqual(getting.returncode, 3)

    @pytest.mark.slow
    def test_steers(self) -> None:
        """A download is paused, resumed and canceled."""
        self.told("limit", "down", "2M")
        ran = self.p2p("get", "big.bin", "--detach", "--peer", "s2")
        self.assertRegex(ran.stdout, r"^1  big\.bin  [a-z]+ \d+ %")
        self.assertEqual(len(self.told("pause")["downloads"]), 1)

        def state() -> str:
            [download] = self.told("transfers")["downloads"]
            return str(download["state"])

        wait_until(lambda: state() == "paused", "a pause")
        self.told("resume", "1")
        wait_until(lambda: state() != "paused", "going on")
        self.assertEqual(self.p2p("cancel").returncode, 2)
        self.assertEqual(self.told("cancel", "1-3", "7")["unknown"], [2, 3, 7])
        wait_until(lambda: state() == "canceled", "the end")
        self.assertEqual(self.told("cancel", "all"), {"downloads": [], "unknown": []})
        ran = self.p2p("cancel", "1-3", "--peer", "s2")
        self.assertEqual((ran.returncode, ran.stdout), (4, ""))
        self.assertEqual(ran.stderr, "there is no running download 1, nor 2-3\n")
        self.assertEqual(self.p2p("pause", "7", "--peer", "s2").returncode, 4)

    def test_leaves(self) -> None:
        """The peer ends, and is found no more."""
        self.assertEqual(self.p2p("leave", "--peer", "s1").stdout, "left the network\n")
        self.assertEqual(self.s1.wait(), 0)
        self.assertEqual([each.name for each in running_peers()], ["s2"])
        self.assertEqual(self.p2p("stop").stdout, "stopped the network\n")
        self.assertEqual(self.s2.wait(), 0)
        ran = self.p2p("status")
        self.assertEqual(ran.returncode, 3)
        self.assertIn("no peer of yours runs here", ran.stderr)

    @pytest.mark.slow
    def test_killed(self) -> None:
        """What a killed peer leaves is not taken for a running one."""
        self.s1.kill()
        self.assertEqual(self.told("status")["name"], "s2")
        left = [path.stem for path in socket_folder().glob("*.sock")]
        self.assertEqual(left, [f"s2.{self.s2.pid}"])

    @pytest.mark.slow
    def test_no_answer(self) -> None:
        """A peer that stands still is not waited for without an end to it."""
        self.s2.send_signal(signal.SIGSTOP)
        self.addCleanup(self.s2.send_signal, signal.SIGCONT)
        asking = subprocess.Popen([script("p2p"), "status", "--peer", "s2"])
        self.addCleanup(asking.kill)
        with self.assertRaises(subprocess.TimeoutExpired):
            asking.wait(1.0)
        asking.send_signal(signal.SIGINT)
        self.assertEqual(asking.wait(PATIENCE), 130)


def _ask_as_nobody(path: Path) -> str:
    """Ask for the status as another user; return what came."""
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(PATIENCE)
            asking.connect(str(path))
            asking.sendall(b"GET /v1/status HTTP/1.0\r\n\r\n")
            return asking.recv(4_096).decode()
    except OSError as error:
        return type(error).__name__
    finally:
        os.seteuid(0)
        os.setegid(0)
