"""What was hashed is remembered across restarts."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import cache
from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.entries import HashedFile, OnDisk, Signature
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.chunks import content_id, id_from_digests
from tests.library.sharing import Sharer, open_now


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

    def test_some_at_a_time(self) -> None:
        """However many are asked for at once, each is remembered."""
        self.patch(cache, "_ASKED_AT_ONCE", 2)
        sharer = Sharer(self)
        for name in "abcde":
            sharer.file(name, name.encode())
        before = sharer.start().catalog.all(9)
        sharer.restart()
        sharer.file("c", b"changed", age=50)
        after = sharer.start().catalog.all(9)
        self.assertEqual(sharer.hashed, ["c"])
        self.assertEqual([*after[:2], *after[3:]], [*before[:2], *before[3:]])

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

    def test_time_put_back(self) -> None:
        """A file that was written to in place is hashed again, though its time was put back."""
        for is_running in (True, False):
            sharer = Sharer(self)
            path = sharer.file("vault.hc", b"12" * 1_000)
            sharer.start()
            self.put_time_back(path, b"34" * 1_000)
            if is_running:
                sharer.noticed()
            else:
                sharer.restart()
                sharer.start()
            self.assertEqual(sharer.hashed[-1], "vault.hc")
            shared = sharer.library.catalog.named("vault.hc", 1)[0]
            self.assertEqual(shared.file_id, content_id(b"34" * 1_000))

    def test_time_put_back_while_pushed(self) -> None:
        """Who asks for it before that was noticed gets nothing, and it is hashed again."""
        sharer = Sharer(self)
        path = sharer.file("vault.hc", b"12")
        library = sharer.start()
        self.put_time_back(path, b"34")
        self.assertIsNone(open_now(library, content_id(b"12")))
        sharer.clock.advance(0.2)
        self.assertIsNotNone(open_now(library, content_id(b"34")))

    def test_status(self) -> None:
        """A new mode, owner or name makes no file be read again, also after a restart."""
        sharer = Sharer(self)
        paths = [sharer.file(name, name.encode()) for name in ("mode", "link", "unlink")]
        os.link(paths[2], sharer.base / "other")
        before = sharer.start().catalog.all(9)
        hashed = list(sharer.hashed)
        for _round in range(2):
            paths[0].chmod(0o600 if paths[0].stat().st_mode & 0o77 else 0o644)
            os.link(paths[1], sharer.base / f"link {_round}")
            (sharer.base / "other").unlink(missing_ok=True)
            sharer.noticed()
            self.assertEqual(sharer.hashed, hashed)
        paths[0].chmod(0o640)
        sharer.restart()
        self.assertEqual((sharer.start().catalog.all(9), sharer.hashed), (before, []))

    def test_status_of_what_was_written(self) -> None:
        """A new mode explains nothing where somebody has had the file open for writing."""
        sharer = Sharer(self)
        path = sharer.file("f1", b"12")
        sharer.start()
        self.put_time_back(path, b"34")
        path.chmod(0o600)
        sharer.noticed(closed="f1")
        self.assertEqual(sharer.hashed, ["f1", "f1"])

    def test_earlier_version(self) -> None:
        """What an earlier version has remembered still counts, and is completed."""
        sharer = Sharer(self)
        path = sharer.file("f1", b"12")
        sharer.start()
        sharer.restart()
        status = path.stat()
        database = sqlite3.connect(sharer.state / "library.db")
        earlier = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
        database.execute("UPDATE files SET signature = ?", (earlier,))
        database.commit()
        database.close()
        sharer.start()
        self.assertEqual(sharer.hashed, [])
        self.put_time_back(path, b"34")
        sharer.noticed()
        self.assertEqual(sharer.hashed, ["f1"])

    def put_time_back(self, path: Path, content: bytes) -> None:
        """Write to a file as some programs do, which then set its old time."""
        status = path.stat()
        with path.open("r+b") as file:
            file.write(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

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
        real = cache._connect

        def full(path: str, index: str) -> sqlite3.Connection:
            database = real(path, index)
            database.execute("PRAGMA query_only = ON")
            return database

        self.patch(cache, "_connect", full)
        sharer.file("f2")
        sharer.start()
        self.assertEqual((sharer.names(), sharer.hashed), (["f1", "f2"], ["f2"]))
        self.successResultOf(sharer.library.stop())
        self.patch(cache, "_connect", real)
        sharer.restart()
        sharer.start()
        self.assertEqual(sharer.hashed, ["f2"])

    def test_forgotten(self) -> None:
        """Hashes of files missing for a month are forgotten, and not before."""
        sharer = Sharer(self)
        # A file that is renamed itself is hashed again.
        path = sharer.file("a/f1").parent
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


class IndexTests(SynchronousTestCase):
    """What finds the files with some content."""

    def indexes(self, folder: Path, *, finds_ids: bool) -> list[str]:
        """Open a cache with two files, found by ids that begin alike; list its indexes."""
        cache = HashCache(OwnFolder(folder), "cache.db", lambda: 1e9, finds_ids=finds_ids)
        cache.open()
        ids = [id_from_digests(1, b"")[:-1] + end for end in "xy"]
        for name, file_id in zip("ab", ids, strict=True):
            cache.keep([(OnDisk(name, name, Signature(1, 0, 0)), HashedFile(file_id, b""))])
        self.assertEqual(cache.names_with(ids[:1]), ["a"])
        self.assertEqual(sorted(cache.names_with(ids)), ["a", "b"])
        cache.close()
        with closing(sqlite3.connect(folder / "cache.db")) as database:
            query = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql <> ''"
            return [name for (name,) in database.execute(query)]

    def test_only_where_asked(self) -> None:
        """A cache that nobody asks for content takes no time for it, nor one that once did."""
        folder = Path(self.mktemp())
        self.assertEqual(self.indexes(folder, finds_ids=True), ["files_by_id_part"])
        with closing(sqlite3.connect(folder / "cache.db")) as database:
            database.execute("CREATE INDEX files_by_id ON files (file)")
        self.assertEqual(self.indexes(folder, finds_ids=False), [])
        self.assertEqual(self.indexes(folder, finds_ids=True), ["files_by_id_part"])
