"""Peers that are talked to from other programs: by ``p2p``, and by HTTP."""

import json
import os
import signal
import socket
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from p2p_twisted.api.socket_index import running_peers, socket_folder
from tests.process.commands import run
from tests.process.contents import random_content
from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network, use_own_runtime_folder

NOBODY = 65_534
_BIG = 1, 20_000_000


class ApiTests(SynchronousTestCase):
    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.network = Network(self)
        self.network.start_registry()
        self.network.write("s1/f1.txt", b"hello")
        self.network.write("s1/big.bin", random_content(*_BIG))
        self.s1, self.s2 = self.network.start_peers("s1", "s2")

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

    def test_numbers(self) -> None:
        """A number means what this terminal was shown last, and another one was shown nothing."""
        wait_until(lambda: len(self.told("ls", "s1")["hits"]) == 2, "what s1 shares")
        ran = self.p2p("get", "2", "--peer", "s2")
        self.assertEqual((ran.returncode, ran.stdout[:12]), (0, "f1.txt saved"))
        [short] = {each["id"][:16] for each in self.told("find", "f1")["hits"]}
        self.assertIn("is there already", self.p2p("get", short, "--peer", "s2").stdout)
        for word, exit_code in (("3", 2), ("./2", 4)):
            self.assertEqual(self.p2p("get", word, "--peer", "s2").returncode, exit_code)
        elsewhere = subprocess.run(
            [script("p2p"), "get", "1", "--peer", "s2"],
            start_new_session=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual(elsewhere.returncode, 2)
        self.assertIn("you were shown no list yet", elsewhere.stderr)
        self.assertIn("a file called 1 is ./1", elsewhere.stderr)
        # What is looked up beside that, and shown to nobody, does not take the list's place.
        self.assertEqual(len(self.told("ls", "s1")["hits"]), 2)
        typed = ("complete", "--", "--peer", "s2")
        wait_until(lambda: "big.bin" in self.p2p(*typed, "get", "b").stdout, "completions")
        self.assertEqual(self.p2p(*typed, "unshare", "").stdout, "")
        for _ in range(2):
            self.assertEqual(self.p2p("get", "2", "-", "--peer", "s2").stdout, "hello")

    def test_gets(self) -> None:
        """Files arrive; what fails has its exit code."""
        ran = self.p2p("get", "f1", "big.bin", "--peer", "s2")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(self.network.read("s2/Downloads/f1.txt"), b"hello")
        self.assertEqual(self.network.read("s2/Downloads/big.bin"), random_content(*_BIG))
        self.assertEqual(self.p2p("get", "f1", "--peer", "s2").returncode, 0)
        ran = self.p2p("get", "f2", "--peer", "s2")
        self.assertEqual((ran.returncode, ran.stdout), (4, ""))
        self.assertIn("no peer has f2", ran.stderr)
        self.assertEqual(self.p2p("get", "f1.txt", "f2", "--peer", "s2").returncode, 10)

    def test_delivers(self) -> None:
        """What is downloaded goes where it is wanted, and replaces nothing there."""
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        (there := Path(scratch.name, "f1.txt")).write_bytes(b"mine")
        self.network.write("s1/folder/in/it.txt", b"it")
        self.assertEqual(self.p2p("get", "f1", "-", "--peer", "s2").stdout, "hello")
        for _ in range(2):
            ran = self.p2p("get", "f1", "--to", scratch.name, "--peer", "s2")
            self.assertEqual((ran.returncode, ran.stderr), (0, ""))
            self.assertIn(f"saved to {scratch.name}/f1 (1).txt", ran.stdout)
        self.assertEqual(there.read_bytes(), b"mine")
        wait_until(lambda: self.p2p("find", "it.txt", "--peer", "s2").returncode == 0, "it.txt")
        before = self.told("transfers")["downloads"]
        ran = self.p2p("get", "folder", "-", "--peer", "s2")
        self.assertEqual((ran.returncode, ran.stdout), (2, ""))
        self.assertEqual(ran.stderr, "folder is a folder: say --to DIR\n")
        self.assertEqual(self.told("transfers")["downloads"], before)
        ran = self.p2p("get", "folder", "--to", scratch.name, "--peer", "s2")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        names = sorted(path.name for path in Path(scratch.name).rglob("*"))
        self.assertEqual(names, ["f1 (1).txt", "f1.txt", "folder", "in", "it.txt"])
        self.assertEqual(self.p2p("get", "folder", "-", "--peer", "s2").returncode, 2)
        # What the peer shares itself is delivered like all else.
        ran = self.p2p("get", "big.bin", "--to", scratch.name, "--peer", "s1")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(Path(scratch.name, "big.bin").read_bytes(), random_content(*_BIG))
        self.network.write("s1/deep/in/own.txt", b"mine")
        wait_until(lambda: "own.txt" in self.p2p("ls", "--peer", "s1").stdout, "own.txt")
        self.assertEqual(self.p2p("get", "own", "--peer", "s1", "-").stdout, "mine")

    def test_delivers_what_is_here(self) -> None:
        """What is not fetched again is delivered, too: by its content, and not by its name."""
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        self.network.write("s1/deep/own.txt", b"mine")
        self.network.write("s1/report.txt", b"wanted")
        self.network.write("s2/mycopy.txt", b"wanted")
        self.network.write("s2/Downloads/report.txt", b"older")

        def is_shared() -> bool:
            hits = [*self.told("ls", "s1")["hits"], *self.told("ls", "s2")["hits"]]
            names = {hit["name"] for hit in hits if hit["id"] is not None}
            return {"deep/own.txt", "report.txt", "mycopy.txt"} <= names

        wait_until(is_shared, "all files")
        ids = {hit["name"]: hit["id"] for hit in self.told("ls", "s1")["hits"]}
        for name, content in (("deep/own.txt", b"mine"), ("report.txt", b"wanted")):
            for word in (name, name, ids[name], ids[name][:16]):
                ran = self.p2p("get", word, "-", "--peer", "s2")
                self.assertEqual((ran.stdout, ran.stderr), (content.decode(), ""))
            self.assertEqual(self.p2p("get", name, "--to", scratch.name, "--peer", "s2").stderr, "")
        delivered = {path.name: path.read_bytes() for path in Path(scratch.name).iterdir()}
        self.assertEqual(delivered, {"own.txt": b"mine", "mycopy.txt": b"wanted"})

    def test_shares(self) -> None:
        """Files and folders are copied to what is shared, and are shared no more."""
        folder = self.network.directory / "mine" / "in"
        folder.mkdir(parents=True)
        (folder / "one.txt").write_text("1")
        (folder / ".hidden").write_text("2")
        mine = str(folder.parent)
        self.assertEqual(self.p2p("share", mine, "--peer", "s1").stdout, "shared mine (1 file)\n")
        self.assertEqual(self.network.read("s1/mine/in/one.txt"), b"1")
        self.assertEqual(self.p2p("share", mine, "--peer", "s1").returncode, 9)
        one = str(folder / "one.txt")
        self.assertEqual(self.p2p("share", one, "--as", "a b.txt", "--peer", "s1").returncode, 0)
        wait_until(lambda: self.p2p("find", "a b", "--peer", "s2").returncode == 0, "a b.txt")
        self.assertEqual(self.p2p("unshare", "a b.txt", "--peer", "s1").returncode, 0)
        self.assertFalse((self.network.directory / "s1" / "a b.txt").exists())
        self.assertEqual(self.p2p("share", "nowhere", "--peer", "s1").returncode, 8)
        (folder.parent / "nothing").mkdir()
        for path, code in (
            *(("", 2), ("/dev/zero", 2), ("/proc/version", 8)),
            *((str(self.network.directory), 2), (str(folder.parent / "nothing"), 4)),
        ):
            self.assertEqual(self.p2p("share", path, "--peer", "s1").returncode, code, path)
        self.assertEqual(self.p2p("status", "--peer", "s1").returncode, 0)

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

    def test_killed(self) -> None:
        """What a killed peer leaves is not taken for a running one."""
        self.s1.kill()
        self.assertEqual(self.told("status")["name"], "s2")
        left = [path.stem for path in socket_folder().glob("*.sock")]
        self.assertEqual(left, [f"s2.{self.s2.pid}"])

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
