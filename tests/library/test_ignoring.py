"""What ignore files name is not shared, and is let go or taken in as they change."""

import os
import sys
from subprocess import run

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.ignore_file import IGNORE_FILE
from p2p_twisted.library.limits import IGNORE_FILE_BYTES
from tests.library.sharing import Sharer


class ScanTests(SynchronousTestCase):
    """A library with ignore files."""

    def setUp(self) -> None:
        self.sharer = Sharer(self)
        for path in ("a.txt", "a.log", "sub/b.log", "sub/b.txt", "build/x/c"):
            self.sharer.file(path, path.encode())

    def ignore(self, text: str, folder: str = "") -> None:
        self.sharer.file(f"{folder}{IGNORE_FILE}", text.encode())

    def ignored(self) -> int:
        return self.sharer.library.summary().ignored

    def test_named(self) -> None:
        """It is neither shared nor said to be unable to be; how much there is, is."""
        self.ignore("*.log\nbuild/\n")
        self.sharer.start()
        self.assertEqual(self.sharer.names(), ["a.txt", "sub", "sub/b.txt"])
        self.assertEqual((self.sharer.unshared(), self.ignored()), ({}, 3))
        (sub,) = self.sharer.library.catalog.named("sub", 1)
        self.assertEqual(sub.left_out, 1)

    def test_nearest(self) -> None:
        """The file of a folder goes before those above it, also where only it is looked at."""
        self.ignore("*.log\n")
        self.ignore("!b.log\n*.txt\n", "sub/")
        self.sharer.start()
        expected = ["a.txt", "build", "build/x", "build/x/c", "sub", "sub/b.log"]
        self.assertEqual(self.sharer.names(), expected)
        self.sharer.file("sub/c.txt")
        self.sharer.file("sub/c.log")
        self.sharer.noticed("sub", is_deep=False)
        self.assertEqual(self.sharer.names(), expected)
        self.assertEqual(self.ignored(), 4)

    def test_changed(self) -> None:
        """What stays is not hashed again, nor what comes back."""
        self.sharer.start()
        self.assertEqual(len(self.sharer.hashed), 5)
        before = self.sharer.names()
        self.ignore("sub\n*.log")
        self.sharer.noticed()
        self.assertEqual(self.sharer.names(), ["a.txt", "build", "build/x", "build/x/c"])
        self.assertEqual(self.ignored(), 2)
        (self.sharer.directory / IGNORE_FILE).unlink()
        self.sharer.clock.advance(10)
        self.sharer.noticed()
        self.assertEqual((self.sharer.names(), self.ignored()), (before, 0))
        self.assertEqual(len(self.sharer.hashed), 5)

    def test_change_within(self) -> None:
        """A change in a folder that is ignored by now brings nothing, and counts nothing."""
        self.sharer.start()
        self.ignore("build\n")
        self.sharer.noticed("build/x", is_deep=False)
        self.assertNotIn("build", self.sharer.names())
        self.sharer.clock.advance(10)
        self.sharer.noticed()
        self.sharer.noticed("build", is_deep=False)
        self.assertEqual(self.ignored(), 1)
        self.assertEqual(self.sharer.library.catalog.left_out.below(""), 1)

    def test_removed_folder(self) -> None:
        """What was left out of a folder that is gone is not counted any more."""
        self.ignore("*.log\n")
        self.sharer.start()
        self.assertEqual(self.ignored(), 2)
        for name in ("b.log", "b.txt"):
            (self.sharer.directory / "sub" / name).unlink()
        (self.sharer.directory / "sub").rmdir()
        self.sharer.noticed()
        self.assertEqual(self.ignored(), 1)

    def test_bad_line(self) -> None:
        """A line that cannot be read is told, and the others hold."""
        self.ignore("*.log\n[\n", "sub/")
        self.sharer.start()
        self.assertEqual(
            self.sharer.unshared(),
            {"sub/.p2pignore": "line 2 cannot be read, and is passed over"},
        )
        self.assertNotIn("sub/b.log", self.sharer.names())

    def test_cannot_be_read(self) -> None:
        """Where the file cannot be read, nothing is shared that it may name."""
        self.sharer.start()
        path = self.sharer.file(f"sub/{IGNORE_FILE}", b"#" * (IGNORE_FILE_BYTES + 1))
        self.sharer.noticed()
        left = ["a.log", "a.txt", "build", "build/x", "build/x/c"]
        self.assertEqual(self.sharer.names(), left)
        self.assertEqual(
            self.sharer.unshared(),
            {"sub": "it cannot be read: .p2pignore: it has more than 64 KiB"},
        )
        path.unlink()
        for make in (lambda: path.symlink_to("/dev/null"), lambda: os.mkfifo(path), path.mkdir):
            make()
            self.sharer.clock.advance(10)
            self.sharer.noticed()
            self.assertEqual(self.sharer.names(), left)
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        self.sharer.clock.advance(10)
        self.sharer.noticed()
        self.assertEqual(len(self.sharer.names()), 8)

    def test_start(self) -> None:
        """A library without such a file does not load what reads patterns."""
        script = (
            "import sys, p2p_twisted.p2ppeer, p2p_twisted.peer.build;"
            "sys.exit('pathspec' in sys.modules)"
        )
        self.assertEqual(run([sys.executable, "-c", script], check=False).returncode, 0)
