"""What was hashed is remembered across restarts."""

import os
import sqlite3

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.cache import HashCache
from tests.library.sharing import Sharer


class RestartTests(SynchronousTestCase):
    """Hashes that are remembered."""

    def test_nothing_again(self) -> None:
        """After a restart nothing is hashed again."""
        sharer = Sharer(self)
        sharer.file("f1", b"one")
        sharer.file("a/f2", b"two")
        before = sharer.start().catalog.all(9)
        sharer.restart()
        after = sharer.start().catalog.all(9)
        self.assertEqual((after, sharer.hashed), (before, []))

    def test_changed(self) -> None:
        """A file with another time of change, size or inode is hashed again."""
        sharer = Sharer(self)
        for name in ("same", "time", "size", "inode"):
            sharer.file(name, b"12")
        sharer.start()
        sharer.restart()
        sharer.file("time", b"34", age=50)
        sharer.file("size", b"123")
        os.rename(sharer.file("new", b"34"), sharer.directory / "inode")
        sharer.start()
        self.assertEqual(sorted(sharer.hashed), ["inode", "size", "time"])

    def test_damaged(self) -> None:
        """A damaged cache is moved aside, and everything hashed again."""
        sharer = Sharer(self)
        sharer.file("f1")
        sharer.start()
        self.successResultOf(sharer.library.stop())
        cache = sharer.state / "library.db"
        cache.write_bytes(os.urandom(8_192))
        sharer.restart()
        sharer.start()
        self.assertEqual((sharer.names(), sharer.hashed), (["f1"], ["f1"]))
        self.assertTrue((sharer.state / "library.db.damaged").exists())
        self.successResultOf(sharer.library.stop())
        sharer.restart()
        sharer.start()
        self.assertEqual(sharer.hashed, [])

    def test_damaged_inside(self) -> None:
        """Damaged rows are not believed."""
        sharer = Sharer(self)
        for name in ("f1", "f2", "f3"):
            sharer.file(name, name.encode())
        sharer.start()
        self.successResultOf(sharer.library.stop())
        with sqlite3.connect(sharer.state / "library.db") as database:
            database.execute("UPDATE files SET digests = zeroblob(32) WHERE name = 'f1'")
            database.execute("UPDATE files SET digests = 'text' WHERE name = 'f2'")
        database.close()
        sharer.restart()
        sharer.start()
        self.assertEqual(sorted(sharer.hashed), ["f1", "f2"])

    def test_nowhere_to_write(self) -> None:
        """It shares even without a cache."""
        sharer = Sharer(self)
        sharer.file("f1")
        sharer.state.rmdir()
        sharer.start()
        self.assertEqual(sharer.names(), ["f1"])
        self.assertEqual(sharer.library.catalog.named("f1", 1)[0].hashed, 100)

    def test_full_disk(self) -> None:
        """On a full disk, remembered hashes are kept."""
        sharer = Sharer(self)
        sharer.file("f1")
        sharer.start()
        self.successResultOf(sharer.library.stop())
        sharer.restart()
        real = HashCache._execute_many

        def full(_cache: HashCache, *_arguments: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        self.patch(HashCache, "_execute_many", full)
        sharer.file("f2")
        sharer.start()
        self.assertEqual((sharer.names(), sharer.hashed), (["f1", "f2"], ["f2"]))
        self.successResultOf(sharer.library.stop())
        self.patch(HashCache, "_execute_many", real)
        sharer.restart()
        sharer.start()
        self.assertEqual(sharer.hashed, ["f2"])

    def test_forgotten(self) -> None:
        """Hashes of files missing for a month are forgotten, and not before."""
        sharer = Sharer(self)
        path = sharer.file("f1")
        for days, hashes in ((29, 0), (29, 0), (31, 1)):
            sharer.restart()
            sharer.start()
            self.successResultOf(sharer.library.stop())
            path.rename(sharer.base / "away")
            sharer.restart()
            sharer.clock.advance(days * 86_400)
            sharer.start()
            self.successResultOf(sharer.library.stop())
            (sharer.base / "away").rename(path)
            sharer.restart()
            sharer.clock.advance(days * 86_400)
            sharer.start()
            self.assertEqual(len(sharer.hashed), hashes)
            self.successResultOf(sharer.library.stop())
