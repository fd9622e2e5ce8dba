"""What a library makes of changes in its directory, noticed or not."""

import shutil

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime import openat
from tests.library.sharing import Sharer


class ChangeTests(SynchronousTestCase):
    """What happens while it runs."""

    def test_new_file(self) -> None:
        """A noticed file is shared."""
        sharer = Sharer(self)
        sharer.start()
        sharer.file("a/f1")
        sharer.noticed()
        self.assertEqual(sharer.names(), ["a", "a/f1"])

    def test_only_there(self) -> None:
        """A change in one folder is looked for there, and in folders new to it."""
        sharer = Sharer(self)
        sharer.file("a/f1")
        sharer.file("a/known/f1")
        sharer.file("b/f1")
        sharer.start()
        sharer.watcher.watched.clear()
        sharer.file("a/f2")
        sharer.file("a/c/f3")
        sharer.noticed("a", is_deep=False)
        self.assertEqual([place.name for place in sharer.watcher.watched], ["a", "a/c"])
        self.assertIn("a/f2", sharer.names())
        self.assertIn("a/c/f3", sharer.names())

    def test_deleted(self) -> None:
        """A deleted file is not shared any more, nor are folders that it leaves empty."""
        sharer = Sharer(self)
        sharer.file("a/b/f1")
        sharer.file("f2")
        sharer.start()
        shutil.rmtree(sharer.directory / "a")
        sharer.noticed()
        self.assertEqual(sharer.names(), ["f2"])

    def test_unshared_deleted(self) -> None:
        """A deleted entry is not reported any more."""
        sharer = Sharer(self)
        sharer.file("a/b/aux")
        sharer.start()
        self.assertEqual(list(sharer.unshared()), ["a/b/aux"])
        shutil.rmtree(sharer.directory / "a")
        sharer.noticed()
        self.assertEqual(sharer.unshared(), {})

    def test_many(self) -> None:
        """Very many files are added in pieces, between which the reactor runs."""
        sharer = Sharer(self)
        for number in range(1_001):
            sharer.file(f"f{number}", b"")
        sharer.start()
        self.assertEqual(len(sharer.names()), 500)
        sharer.clock.pump([0, 0])
        self.assertEqual(len(sharer.names()), 1_001)

    def test_file_becomes_folder(self) -> None:
        """A folder may take a file's name, and a file a folder's."""
        sharer = Sharer(self)
        sharer.file("a")
        sharer.file("b/f1")
        sharer.start()
        (sharer.directory / "a").unlink()
        shutil.rmtree(sharer.directory / "b")
        sharer.file("a/f1")
        sharer.file("b")
        sharer.noticed()
        kinds = [(each.name, each.kind) for each in sharer.library.catalog.all(9)]
        self.assertEqual(kinds, [("a", "folder"), ("a/f1", "file"), ("b", "file")])

    def test_folder_becomes_file(self) -> None:
        """A folder in whose place there is a file now is not said to be one that cannot be read."""
        sharer = Sharer(self)
        sharer.file("b/f1")
        sharer.start()
        shutil.rmtree(sharer.directory / "b")
        sharer.file("b")
        sharer.noticed("b")
        sharer.noticed(is_deep=False)
        self.assertEqual((sharer.names(), sharer.unshared()), (["b"], {}))

    def test_renamed(self) -> None:
        """A renamed folder is shared under its new name."""
        sharer = Sharer(self)
        sharer.file("a/b/f1")
        sharer.start()
        (sharer.directory / "a").rename(sharer.directory / "c")
        sharer.noticed()
        self.assertEqual(sharer.names(), ["c", "c/b", "c/b/f1"])

    def test_unnoticed(self) -> None:
        """A change that the watcher missed is found within a minute."""
        sharer = Sharer(self)
        sharer.start()
        sharer.file("f1")
        sharer.clock.advance(30)
        self.assertEqual(sharer.names(), [])
        sharer.clock.advance(30)
        self.assertEqual(sharer.names(), ["f1"])

    def test_unwatched(self) -> None:
        """If some folder cannot be watched, full scans are made every few seconds."""
        sharer = Sharer(self)
        sharer.watcher.has_room = False
        sharer.start()
        sharer.file("f1")
        sharer.clock.advance(5)
        self.assertEqual(sharer.names(), ["f1"])

    def test_directory_vanishes(self) -> None:
        """A directory that vanishes is reported, and taken up again when it is back."""
        sharer = Sharer(self)
        sharer.file("f1")
        sharer.start()
        sharer.directory.rename(sharer.base / "away")
        sharer.watcher.has_room = False
        sharer.noticed()
        self.assertEqual(sharer.names(), [])
        self.assertEqual(
            list(sharer.unshared().values()),
            ["it cannot be read: there is no such file or directory"],
        )
        (sharer.base / "away").rename(sharer.directory)
        sharer.clock.advance(6)
        self.assertEqual((sharer.names(), sharer.unshared()), (["f1"], {}))
        self.assertEqual(sharer.hashed, ["f1"])

    def test_out_of_descriptors(self) -> None:
        """A folder that cannot be read for lack of descriptors is still shared."""
        sharer = Sharer(self)
        sharer.file("f1")
        sharer.start()

        def no_more(*_arguments: object) -> int:
            raise OSError(24, "Too many open files")

        self.patch(openat, "open_folder", no_more)
        sharer.noticed()
        self.assertEqual(sharer.names(), ["f1"])
        self.assertEqual(
            sharer.unshared(),
            {
                ".": "it cannot be read: this process may not open more files"
                " (ulimit -n raises that)"
            },
        )
