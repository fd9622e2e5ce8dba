"""Other directories are shared beside a peer's own, each in a folder of its name."""

import shutil
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.download.progress import Saved
from p2p_twisted.peer.directories import Directories, read_shares
from p2p_twisted.peer_errors import AlreadyHere, NotAllowed, PeerError
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.testing.daemons import VirtualDaemons
from tests.peer.cases import SONG, PeerTestCase


class NamedShareTests(PeerTestCase):
    def sharing(self) -> VirtualDaemons:
        self.lab = Path(self.mktemp()).absolute()
        (self.lab / "sub").mkdir(parents=True)
        (self.lab / "data").write_bytes(SONG)
        (self.lab / "sub" / "f1").write_bytes(b"f1")
        daemons = self.daemons()
        daemons.start("s1", {"own": b"own", "Lab/hidden": b"x"}, shares=(("lab", self.lab),))
        daemons.start("s2")
        daemons.run(10.0)
        return daemons

    def names(self, daemons: VirtualDaemons, asking: str) -> set[str]:
        return {hit.name for hit in daemons.result(daemons.peers[asking].listing("s1")).hits}

    def test_shared(self) -> None:
        """Its files and folders are found and fetched as others are, in its folder."""
        daemons = self.sharing()
        expected = {"own", "lab", "lab/data", "lab/sub", "lab/sub/f1"}
        for asking in ("s1", "s2"):
            self.assertEqual(self.names(daemons, asking), expected)
        for name in ("lab/data", "f1", "lab"):
            self.assertIsInstance(daemons.get("s2", name).state, Saved)
        landed = daemons.folder / "s2" / "Downloads" / "lab"
        self.assertEqual((landed / "data").read_bytes(), SONG)
        self.assertEqual((landed / "sub" / "f1").read_bytes(), b"f1")
        for name in ("lab/data", "lab/sub/f1", "lab/sub", "lab"):
            here = self.assertRaises(AlreadyHere, daemons.get, "s1", name)
            self.assertEqual(Path(here.path), self.lab / name.removeprefix("lab").lstrip("/"))
        self.assertEqual(list(daemons.peers["s1"].below("lab")), ["data", "sub/"])

    def test_status(self) -> None:
        """It is counted; and what has its name in the directory is said not to be shared."""
        status = self.sharing().peers["s1"].status()
        self.assertEqual((status.files, status.size), (3, len(SONG) + 5))
        self.assertEqual(status.shares, (("lab", str(self.lab)),))
        self.assertEqual(
            status.unshared, (("Lab", "another folder is shared under that name, by --share"),)
        )

    def test_stays(self) -> None:
        """Nothing is taken out of it: it is said where it is, and what to do."""
        peer = self.sharing().peers["s1"]
        for name in ("lab/data", "lab", "LAB/data"):
            said = self.failureResultOf(peer.unshare(name), NotAllowed).getErrorMessage()
            self.assertIn(f"{name} is in {self.lab}, which is shared as lab: move", said)
        self.assertTrue((self.lab / "data").exists())

        async def read() -> bytes:
            return b""

        said = self.failureResultOf(peer.share("lab/new", read), NotAllowed).getErrorMessage()
        self.assertIn(f"{self.lab} is shared as lab: copy it there", said)

    def test_changes(self) -> None:
        """A change in it is seen; and when it is gone, that is said, and it comes back."""
        daemons = self.sharing()
        (self.lab / "new").write_bytes(b"new")
        daemons.run(130.0)
        self.assertIn("lab/new", self.names(daemons, "s2"))
        away = self.lab.with_name("away")
        self.lab.rename(away)
        daemons.run(130.0)
        self.assertEqual(self.names(daemons, "s2"), {"own"})
        why = "it cannot be read: there is no such file or directory"
        said = f"lab in {self.lab} is not shared: {why}"
        self.assertIn(said, daemons.said)
        away.rename(self.lab)
        daemons.run(130.0)
        self.assertIn("lab/new", self.names(daemons, "s2"))
        self.assertIsInstance(daemons.get("s2", "new").state, Saved)

    def test_empty(self) -> None:
        """One that has become empty is said to be so: its disk may be away."""
        daemons = self.sharing()
        away = self.lab.with_name("away")
        self.lab.rename(away)
        self.lab.mkdir()
        daemons.run(130.0)
        said = f"lab in {self.lab} is not shared: it is empty: is the disk there?"
        self.assertIn(said, daemons.said)
        self.lab.rmdir()
        away.rename(self.lab)
        daemons.run(130.0)
        self.assertIn("lab/data", self.names(daemons, "s2"))
        self.assertEqual(daemons.peers["s1"].status().excluded, 1)

    def test_missing(self) -> None:
        """One that is not there at the start is an error, and nothing is made in its place."""
        daemons = self.daemons()
        missing = daemons.folder / "missing"
        self.assertRaises(CannotStart, daemons.start, "s1", shares=(("lab", missing),))
        self.assertFalse(missing.exists())

    def test_restart(self) -> None:
        """What was hashed is known after a crash."""
        daemons = self.sharing()
        daemons.crash("s1")
        daemons.start("s1", shares=(("lab", self.lab),))
        daemons.run(70.0)
        self.assertIsInstance(daemons.get("s2", "lab").state, Saved)
        self.assertTrue((daemons.folder / "s1" / ".p2p" / "share-lab.db").exists())

    def test_not_into(self) -> None:
        """Nothing is uploaded to, or taken out of, what only has its name in the directory."""
        daemons = self.sharing()
        peer = daemons.peers["s1"]

        async def nothing() -> bytes:
            return b""

        for refused in (peer.share("lab/more", nothing, 0), peer.unshare("lab/data")):
            error = self.failureResultOf(refused)
            error.trap(PeerError)
        self.assertTrue((self.lab / "data").exists())


class ReadingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.base = Path(self.mktemp()).absolute()
        for name in ("s1", "down", "state", "lab", "music"):
            (self.base / name).mkdir(parents=True)
        self.others = Directories(*(self.base / name for name in ("s1", "down", "state")))
        self.addCleanup(shutil.rmtree, self.base)

    def test_read(self) -> None:
        """There may be none or several, one on each line."""
        self.assertEqual(read_shares(None, self.others), ())
        lab, music = self.base / "lab", self.base / "music"
        self.assertEqual(
            read_shares(f"lab={lab}\nMy Music={music}", self.others),
            (("lab", lab), ("My Music", music)),
        )

    def test_refused(self) -> None:
        """What cannot be shared under its name, or is not there, is an error."""
        lab = self.base / "lab"
        for text in (
            "lab",
            f"={lab}",
            "lab=",
            f"a/b={lab}",
            f".a={lab}",
            f"a:b={lab}",
            f"aux={lab}",
            f"{'a' * 101}={lab}",
            f"lab={lab}x",
            f"lab={lab}\nLAB={self.base / 'music'}",
            f"lab={self.base / 's1'}",
            f"lab={self.base / 'down'}",
            f"lab={self.base / 'state'}",
        ):
            self.assertRaises(UsageError, read_shares, text, self.others)
