"""What ``p2p`` does with files, by real peers."""

import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.process.contents import random_content
from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.test_api import BIG, ApiCase


@pytest.mark.slow
class ApiFilesTests(ApiCase):
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
        self.assertEqual(ran.stderr, "folder is a folder: name a file in it, or say --to DIR\n")
        self.assertEqual(self.told("transfers")["downloads"], before)
        ran = self.p2p("get", "folder", "--to", scratch.name, "--peer", "s2")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        names = sorted(path.name for path in Path(scratch.name).rglob("*"))
        self.assertEqual(names, ["f1 (1).txt", "f1.txt", "folder", "in", "it.txt"])
        self.assertEqual(self.p2p("get", "folder", "-", "--peer", "s2").returncode, 2)
        # What the peer shares itself is delivered like all else.
        ran = self.p2p("get", "big.bin", "--to", scratch.name, "--peer", "s1")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(Path(scratch.name, "big.bin").read_bytes(), random_content(*BIG))
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
