"""A peer's own files are its user's alone, whoever prepared the place for them."""

import errno
import fcntl
import os
import stat
from pathlib import Path

from p2p_twisted.download.progress import Saved
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.own_folder import OwnFolder
from tests.peer.cases import SONG, PeerTestCase


class StateTests(PeerTestCase):
    def setUp(self) -> None:
        self.all = self.daemons()
        self.state = self.all.folder / "s1" / ".p2p"

    def test_private(self) -> None:
        """All that a peer keeps, databases included, can be read by its user alone."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        self.all.start("s1", {"f1": b"content"}, reshares=True)
        self.all.start("s2", {"song": SONG})
        self.all.run(5.0)
        self.assertIsInstance(self.all.get("s1", "song").state, Saved)
        self.all.run(120.0)
        kept = {path: path.lstat() for path in self.state.rglob("*")}
        self.assertGreaterEqual(
            {path.name for path in kept},
            {"lock", "registration", "book", "library.db", "downloads.db"},
        )
        open_to_others = [path for path, status in kept.items() if status.st_mode & 0o077]
        self.assertEqual(open_to_others, [])
        self.assertEqual(stat.S_IMODE(self.state.stat().st_mode), 0o700)

    def test_shared_by_another(self) -> None:
        """A peer that shares a folder around the files of another one lists none of them."""
        state = self.all.folder / "s2" / "of-s1"
        self.all.start("s1", state=state)
        self.all.start("s2", {"song": SONG})
        self.all.run(5.0)
        status = self.all.peers["s2"].status()
        self.assertEqual((status.files, status.unshared), (1, ()))
        self.assertGreater(status.ignored, 1)

    def test_prepared(self) -> None:
        """A state folder to which others may write is refused, and nothing in it is touched."""
        precious = Path(self.mktemp()).absolute()
        precious.write_bytes(b"precious")
        self.state.mkdir(parents=True)
        for name in ("lock", "book.new", "registration.new", "library.db", "downloads.db"):
            (self.state / name).symlink_to(precious)
        self.state.chmod(0o777)
        with self.assertRaises(CannotStart) as refused:
            self.all.start("s1")
        self.assertIn("others may write to", str(refused.exception))
        self.assertEqual(precious.read_bytes(), b"precious")

    def test_links(self) -> None:
        """Links that were put there before it became private are not followed either."""
        precious = Path(self.mktemp()).absolute()
        precious.write_bytes(b"precious")
        self.state.mkdir(parents=True, mode=0o700)
        for name in ("book", "book.new", "registration", "registration.new", "library.db"):
            (self.state / name).symlink_to(precious)
        self.all.start("s1", {"f1": b"content"})
        self.all.start("s2")
        self.all.run(120.0)
        self.assertEqual(precious.read_bytes(), b"precious")
        self.assertTrue((self.state / "book").is_file())
        self.assertFalse((self.state / "book").is_symlink())
        found = self.all.result(self.all.peers["s2"].find("f1"))
        self.assertEqual([hit.name for hit in found.hits], ["f1"])

    def test_elsewhere(self) -> None:
        """With its own files elsewhere, a peer writes nothing into what it shares."""
        state, downloads = self.all.folder / "state", self.all.folder / "incoming"
        self.all.start("s1", {"song": SONG}, state=state, downloads=downloads)
        self.all.start("s2", {"other": SONG[1:]})
        self.all.run(5.0)
        self.assertIsInstance(self.all.get("s2", "song").state, Saved)
        self.assertIsInstance(self.all.get("s1", "other").state, Saved)
        self.assertEqual(os.listdir(self.all.folder / "s1"), ["song"])
        self.assertIn("registration", os.listdir(state))

    def test_elsewhere_in_use(self) -> None:
        """Two peers may share one directory, but not have one place for their own files."""
        state = self.all.folder / "state"
        self.all.start("s1", {"song": SONG}, state=state)
        self.all.start("s2", directory=self.all.folder / "s1")
        refused = self.assertRaises(CannotStart, self.all.start, "s3", state=state)
        self.assertIn(f"another peer runs in the directory {state}", str(refused))

    def test_no_locks(self) -> None:
        """Where the file system locks nothing, that is said, and not that another peer runs."""

        def refuse(_fd: int, _how: int) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        self.patch(fcntl, "flock", refuse)
        refused = self.assertRaises(CannotStart, self.all.start, "s1")
        self.assertIn("the peer's directory cannot be used: No locks available", str(refused))

    def test_cure(self) -> None:
        """Where nothing may be written, --state is named if that is what would help."""
        for below, hint in (("", False), (".p2p", True)):

            def refuse(_folder: object, refused: Path = self.all.folder / "s1" / below) -> None:
                raise PermissionError(errno.EACCES, "Permission denied", str(refused))

            self.patch(OwnFolder, "open", refuse)
            said = str(self.assertRaises(CannotStart, self.all.start, "s1"))
            self.assertEqual("--state" in said, hint, said)
            self.assertEqual("--directory" in said, not hint, said)
