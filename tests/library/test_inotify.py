"""Changes as Linux tells them; nothing here waits, since its events are there at once."""

import errno
import os
import shutil
import sys
import tempfile
from pathlib import Path
from unittest import SkipTest

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import inotify
from p2p_twisted.library.entries import Place
from p2p_twisted.library.inotify import InotifyWatcher, watcher_for
from p2p_twisted.library.watcher import NoWatcher

Event = tuple[str, bool, str | None]


class InotifyTests(SynchronousTestCase):
    """A watcher over a real directory."""

    def watcher(self, *places: Place) -> InotifyWatcher:
        """Make one that watches the root and some folders."""
        if not sys.platform.startswith("linux"):
            raise SkipTest("only Linux has inotify")
        self.root = Path(tempfile.mkdtemp(prefix="inotify-"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.told: list[Event] = []
        self.reactor = MemoryReactorClock()
        made = watcher_for(self.reactor, self.root)(self.notice)
        assert isinstance(made, InotifyWatcher)
        self.addCleanup(made.stop)
        for place in (Place(), *places):
            (self.root / place.path).mkdir(exist_ok=True)
            self.assertTrue(made.watch(place))
        return made

    def notice(self, place: Place, is_deep: bool, closed: str | None) -> None:
        self.told.append((place.name, is_deep, closed))

    def events(self, watcher: InotifyWatcher) -> set[Event]:
        """Read what there is to read."""
        self.told.clear()
        watcher.doRead()
        return set(self.told)

    def test_written(self) -> None:
        """A file that its writer closes is complete, and not before."""
        watcher = self.watcher(Place("a", "a"))
        self.events(watcher)
        with (self.root / "a/f1").open("w") as file:
            self.assertEqual(self.events(watcher), {("a", False, None)})
            file.write("x")
        self.assertEqual(self.events(watcher), {("a", False, "a/f1")})

    def test_rests(self) -> None:
        """What comes soon after something else is told together; a stop ends that rest, too."""
        watcher = self.watcher()
        self.assertIn(watcher, self.reactor.getReaders())
        (self.root / "f1").write_text("x")
        self.events(watcher)
        self.assertNotIn(watcher, self.reactor.getReaders())
        self.reactor.advance(0.1)
        self.assertIn(watcher, self.reactor.getReaders())
        (self.root / "f2").write_text("x")
        self.events(watcher)
        watcher.stop()
        self.reactor.advance(0.1)
        self.assertNotIn(watcher, self.reactor.getReaders())

    def test_very_many(self) -> None:
        """There is no rest while more waits than is read at once: the system keeps only so much."""
        watcher = self.watcher()
        for number in range(200):
            (self.root / f"{number:064}").write_text("x")
        told = set()
        while events := self.events(watcher):
            self.assertIn(watcher, self.reactor.getReaders())
            told |= events
        self.assertIn(("", False, f"{199:064}"), told)

    def test_moved(self) -> None:
        """A file that is moved to its place is complete; the folder it left is reported, too."""
        watcher = self.watcher(Place("a", "a"))
        (self.root / "f1").write_text("x")
        self.events(watcher)
        (self.root / "f1").rename(self.root / "a/f2")
        self.assertEqual(self.events(watcher), {("", False, None), ("a", False, "a/f2")})

    def test_names(self) -> None:
        """A folder is reported by its shared name, a file by its path on the disk."""
        watcher = self.watcher(Place("\u00e9", "e\u0301"))
        self.events(watcher)
        (self.root / "e\u0301/f1").write_text("x")
        self.assertIn(("\u00e9", False, "e\u0301/f1"), self.events(watcher))

    def test_folders(self) -> None:
        """When folders are added, removed or renamed, everything there is scanned."""
        watcher = self.watcher()
        for change in (
            lambda: (self.root / "b").mkdir(),
            lambda: (self.root / "b").rename(self.root / "c"),
            lambda: (self.root / "c").rmdir(),
        ):
            change()
            self.assertEqual(self.events(watcher), {("", True, None)})

    def test_deleted_folder(self) -> None:
        """The others are still watched after one watched folder was deleted."""
        watcher = self.watcher(Place("a", "a"), Place("b", "b"))
        (self.root / "a").rmdir()
        self.events(watcher)
        self.assertEqual(len(watcher._places), 2)
        (self.root / "b/f1").write_text("x")
        self.assertIn(("b", False, "b/f1"), self.events(watcher))

    def test_renamed_folder(self) -> None:
        """A renamed folder that is watched again is reported by its new name."""
        watcher = self.watcher(Place("a", "a"))
        (self.root / "a").rename(self.root / "b")
        watcher.watch(Place("b", "b"))
        (self.root / "a").mkdir()
        watcher.watch(Place("a", "a"))
        self.events(watcher)
        (self.root / "b/f1").write_text("x")
        self.assertIn(("b", False, "b/f1"), self.events(watcher))
        (self.root / "a/f1").write_text("x")
        self.assertIn(("a", False, "a/f1"), self.events(watcher))

    def test_moved_root(self) -> None:
        """When the directory itself is moved away, the new one is watched, and not the old one."""
        watcher = self.watcher(Place("a", "a"))
        away = self.root.with_name(f"{self.root.name}-away")
        self.addCleanup(shutil.rmtree, away)
        self.root.rename(away)
        self.root.mkdir()
        self.assertEqual(self.events(watcher), {("", True, None)})
        (away / "old").touch()
        (away / "a/old").touch()
        self.assertEqual(self.events(watcher), set())
        self.assertTrue(watcher.watch(Place()))
        (self.root / "f1").touch()
        self.assertEqual(self.events(watcher), {("", False, "f1"), ("", False, None)})

    def test_root_comes_back(self) -> None:
        """While the directory itself is gone, the one above tells when it is there again."""
        watcher = self.watcher(Place("a", "a"))
        away, other = (self.root.with_name(f"{self.root.name}-{word}") for word in ("away", "x"))
        self.addCleanup(shutil.rmtree, other)
        self.root.rename(away)
        self.events(watcher)
        self.assertFalse(watcher.watch(Place()))
        other.mkdir()
        self.assertEqual(self.events(watcher), set())
        away.rename(self.root)
        self.assertEqual(self.events(watcher), {("", True, None)})
        self.assertTrue(watcher.watch(Place()))
        other.rmdir()
        other.mkdir()
        (self.root / "f1").touch()
        self.assertEqual(self.events(watcher), {("", False, "f1"), ("", False, None)})

    def test_hidden(self) -> None:
        """Changes of hidden files are not reported."""
        watcher = self.watcher()
        self.events(watcher)
        (self.root / ".p2p").mkdir()
        (self.root / ".f1").write_text("x")
        self.assertEqual(self.events(watcher), set())

    def test_ignore_file(self) -> None:
        """When what names what is not shared changes, all below it is looked at again."""
        watcher = self.watcher(Place("a", "a"))
        self.events(watcher)
        (self.root / "a" / ".p2pignore").write_text("*")
        self.assertIn(("a", True, "a/.p2pignore"), self.events(watcher))
        (self.root / "a" / ".p2pignore").unlink()
        self.assertEqual(self.events(watcher), {("a", True, None)})

    def test_permission(self) -> None:
        """A file that becomes readable is reported."""
        watcher = self.watcher()
        (self.root / "f1").write_text("x")
        self.events(watcher)
        (self.root / "f1").chmod(0o600)
        self.assertEqual(self.events(watcher), {("", False, None)})

    def test_overflow(self) -> None:
        """If events were lost, everything is scanned."""
        watcher = self.watcher(Place("a", "a"))
        self.events(watcher)
        most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        for number in range(most // 2 + 10):
            os.close(os.open(self.root / "a/f", os.O_CREAT | os.O_WRONLY))
            os.rename(self.root / "a/f", self.root / "a" / f"f{number % 2}")
        told: set[Event] = set()
        while ("", True, None) not in told:
            before = len(told)
            told |= self.events(watcher)
            self.assertTrue(self.told, (before, told))

    def test_link(self) -> None:
        """A link to a folder is not watched."""
        watcher = self.watcher()
        (self.root / "link").symlink_to("/tmp")
        watcher.watch(Place("link", "link"))
        self.assertEqual(len(watcher._places), 1)

    def test_gone(self) -> None:
        """A folder that is gone needs no watching; the root itself does."""
        watcher = self.watcher()
        self.assertTrue(watcher.watch(Place("a", "a")))
        self.root.rmdir()
        self.assertFalse(watcher.watch(Place()))
        self.events(watcher)

    def test_out_of_watches(self) -> None:
        """When the system has no more watches it says so."""
        watcher = self.watcher()

        def no_space(_result: int) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        self.patch(inotify, "_checked", no_space)
        self.assertFalse(watcher.watch(Place("a", "a")))

    def test_stopped(self) -> None:
        """Stopping closes everything; doing it twice does no harm."""
        watcher = self.watcher()
        descriptor = watcher.fileno()
        watcher.stop()
        watcher.stop()
        self.assertEqual(self.reactor.readers, set())
        self.assertRaises(OSError, os.fstat, descriptor)

    def test_not_available(self) -> None:
        """Without inotify nothing is watched, and that is known."""

        def none_left(_result: int) -> int:
            raise OSError(errno.EMFILE, "Too many open files")

        self.patch(inotify, "_checked", none_left)
        watcher = watcher_for(MemoryReactorClock(), Path("/nowhere"))(
            lambda place, is_deep, closed: None
        )
        self.assertIsInstance(watcher, NoWatcher)
        self.assertFalse(watcher.watch(Place()))
        watcher.stop()
