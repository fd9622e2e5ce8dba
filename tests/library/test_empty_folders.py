"""Folders that nothing is in: part of the folders that they lie in."""

import shutil

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.library import Library
from p2p_twisted.wire.manifest import decode
from tests.library.sharing import Sharer, open_now


def empty(library: Library) -> list[str]:
    """Return the empty folders in the shared folder a."""
    (shared,) = library.catalog.named("a", 1)
    assert shared.file_id is not None
    source = open_now(library, shared.file_id)
    assert source is not None
    return [each.path for each in decode(source.read(0, source.size)) if each.is_folder]


class BareFolderTests(SynchronousTestCase):
    """A folder with a file in it, and empty ones."""

    def shared(self, *folders: str) -> Sharer:
        sharer = Sharer(self)
        sharer.file("a/f1")
        for folder in folders:
            (sharer.directory / folder).mkdir(parents=True)
        sharer.start()
        return sharer

    def test_listed(self) -> None:
        """They are listed, and those in them; what is hidden or no file is nothing."""
        sharer = self.shared("a/x", "a/y/z", "a/.hidden", "other")
        (sharer.directory / "a/x/link").symlink_to("..")
        sharer.noticed("a/x")
        self.assertEqual(empty(sharer.library), ["x", "y/z"])
        self.assertEqual(sharer.names(), ["a", "a/f1"])

    def test_same_id_without(self) -> None:
        """The id of a folder without empty folders stays the same as ever."""
        plain, with_bare = self.shared(), self.shared("a/x")
        ids = [each.library.catalog.named("a", 1)[0].file_id for each in (plain, with_bare)]
        self.assertNotEqual(*ids)
        (with_bare.directory / "a/x").rmdir()
        with_bare.noticed("a", is_deep=False)
        self.assertEqual(with_bare.library.catalog.named("a", 1)[0].file_id, ids[0])

    def test_changes(self) -> None:
        """An empty folder that is created, filled, emptied, moved or removed is noticed."""
        sharer = self.shared()
        a = sharer.directory / "a"
        (a / "x/y").mkdir(parents=True)
        sharer.noticed("a", is_deep=False)
        self.assertEqual(empty(sharer.library), ["x/y"])
        sharer.file("a/x/y/f2")
        sharer.noticed("a/x/y", is_deep=False)
        self.assertEqual(empty(sharer.library), [])
        (a / "x/y/f2").unlink()
        sharer.noticed("a/x/y", is_deep=False)
        self.assertEqual(empty(sharer.library), ["x/y"])
        (a / "x").rename(a / "z")
        sharer.noticed("a", is_deep=False)
        self.assertEqual(empty(sharer.library), ["z/y"])
        shutil.rmtree(a / "z/y")
        sharer.noticed("a/z", is_deep=False)
        self.assertEqual(empty(sharer.library), ["z"])
        shutil.rmtree(a / "z")
        sharer.noticed("a/z", is_deep=False)
        self.assertEqual(empty(sharer.library), [])

    def test_downloads(self) -> None:
        """The downloads are not one of them."""
        sharer = Sharer(self)
        sharer.downloads = sharer.directory / "a" / "here"
        sharer.restart()
        sharer.file("a/here/got")
        sharer.file("a/f1")
        sharer.start()
        self.assertEqual(empty(sharer.library), [])

    def test_all_gone(self) -> None:
        """When the directory is gone, so are they; they come back with it."""
        sharer = self.shared("a/x")
        away = sharer.directory.rename(sharer.base / "away")
        sharer.noticed()
        self.assertEqual(sharer.library.catalog.empty_below(""), [])
        away.rename(sharer.directory)
        sharer.noticed()
        self.assertEqual(empty(sharer.library), ["x"])
