"""What is opened lies below the root, whatever links there are on the way."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.openat import NotAFile, open_file, open_folder


class OpenTests(SynchronousTestCase):
    """Paths with links in them."""

    def root(self) -> Path:
        """Make a root with a file two folders down, and a file outside at the same path."""
        base = Path(tempfile.mkdtemp(prefix="disk-"))
        self.addCleanup(shutil.rmtree, base)
        for top in ("root", "outside"):
            (base / top / "a/b").mkdir(parents=True)
            (base / top / "a/b/f1").write_text(top)
        return base / "root"

    def test_file(self) -> None:
        """A file is opened, and the root may be a link."""
        root = self.root()
        (root.parent / "link").symlink_to(root)
        file = open_file(root.parent / "link", "a/b/f1")
        self.addCleanup(os.close, file)
        self.assertEqual(os.read(file, 9), b"root")

    def test_links(self) -> None:
        """A link at any depth, even to a place below the root, is not followed."""
        for path in ("a", "a/b", "a/b/f1"):
            for target in ("outside", "root"):
                root = self.root()
                (root / path).rename(root / "away")
                (root / path).symlink_to(
                    root.parent / target / path if target == "outside" else root / "away"
                )
                self.assertRaises(OSError, open_file, root, "a/b/f1")
        self.assertRaises(OSError, open_folder, root, "a/b/f1")

    def test_other_kinds(self) -> None:
        """A FIFO is not waited for, and a folder is no file; no descriptor is left open."""
        root = self.root()
        os.mkfifo(root / "a/fifo")
        # What other tests have left open would be closed at any time.
        gc.collect()
        before = len(os.listdir("/dev/fd"))
        self.assertRaises(NotAFile, open_file, root, "a/fifo")
        self.assertRaises(NotAFile, open_file, root, "a/b")
        self.assertRaises(OSError, open_file, root, "a/b/nothing")
        self.assertRaises(OSError, open_folder, root, "nothing/a")
        self.assertEqual(len(os.listdir("/dev/fd")), before)
