"""How much of a folder is not shared."""

import os

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.left_out import LeftOut
from tests.library.sharing import Sharer


class LeftOutTests(SynchronousTestCase):
    def counted(self, sharer: Sharer, folder: str) -> int:
        [shared] = sharer.library.catalog.named(folder, 1)
        return shared.left_out

    def test_all_kinds(self) -> None:
        """Hidden entries, links, special files and bad names count, at any depth."""
        sharer = Sharer(self)
        for name in ("ok.txt", "sub/ok.txt", ".gitignore", "12:30.log", ".git/config", "sub/a:b"):
            sharer.file(f"proj/{name}")
        os.symlink("ok.txt", sharer.directory / "proj/link")
        os.mkfifo(sharer.directory / "proj/fifo")
        (sharer.directory / "proj/bare").mkdir()
        (sharer.directory / "proj/bare/.hidden").touch()
        sharer.file("proj/.p2p-0123456789abcdef.part")
        sharer.start()
        self.assertEqual(self.counted(sharer, "proj"), 7)
        self.assertEqual(self.counted(sharer, "proj/sub"), 1)

    def test_changes(self) -> None:
        """What is renamed, removed or comes later is counted anew, also between full scans."""
        sharer = Sharer(self)
        for name in ("ok.txt", "a:b", "sub/c:d", "sub/e"):
            sharer.file(f"proj/{name}")
        sharer.start()
        self.assertEqual(self.counted(sharer, "proj"), 2)
        (sharer.directory / "proj/a:b").rename(sharer.directory / "proj/ab")
        sharer.noticed("proj", is_deep=False)
        self.assertEqual(self.counted(sharer, "proj"), 1)
        (sharer.directory / "proj/sub").rename(sharer.base / "elsewhere")
        sharer.noticed("proj")
        self.assertEqual(self.counted(sharer, "proj"), 0)
        sharer.file("proj/.new")
        sharer.noticed("proj", is_deep=False)
        self.assertEqual(self.counted(sharer, "proj"), 1)
        for _ in range(3):
            sharer.clock.advance(61)
            self.assertEqual(self.counted(sharer, "proj"), 1)

    def test_unreadable(self) -> None:
        """A file that cannot be read counts, until it can be read or is gone."""
        sharer = Sharer(self)
        sharer.file("proj/ok.txt")
        path = sharer.file("proj/locked", b"")
        job = sharer.library._scanner
        real = job.hash

        def fail(jobs, *rest):  # type: ignore[no-untyped-def]
            path.unlink(missing_ok=True)
            path.mkdir()
            return real(jobs, *rest)

        job.hash = fail  # type: ignore[method-assign]
        sharer.start()
        self.assertEqual(self.counted(sharer, "proj"), 1)
        self.assertIn("proj/locked", sharer.unshared())
        path.rmdir()
        sharer.noticed("proj")
        self.assertEqual(self.counted(sharer, "proj"), 0)
        self.assertEqual(sharer.unshared(), {})


class CountTests(SynchronousTestCase):
    def test_sums(self) -> None:
        """What is put is replaced, and nothing is left of what is taken away."""
        counts = LeftOut()
        for name, count in (("a/", 2), ("a/b/", 3), ("a/b/c", 1), ("/", 4), ("a/", 5)):
            counts.put(name, count)
        self.assertEqual([counts.below(each) for each in ("", "a", "a/b", "x")], [13, 9, 4, 0])
        self.assertEqual(counts.counted("a"), {"a/", "a/b/", "a/b/c"})
        for name in counts.counted(""):
            counts.put(name, 0)
        self.assertEqual((counts._counts, counts._below), ({}, {}))
