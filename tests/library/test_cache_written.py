"""When hashes are written so that a crash cannot take them any more."""

import sqlite3
from contextlib import closing
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.entries import HashedFile, OnDisk, Signature
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.chunks import id_from_digests
from p2p_twisted.wire.limits import MIB


class WrittenTests(SynchronousTestCase):
    """When a crash cannot take hashes any more."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.cache = HashCache(OwnFolder(self.folder), "cache.db", lambda: 1e9)
        self.cache.open()
        self.addCleanup(self.cache.close)

    def keep(self, name: str, size: int = 1, *, has_more: bool) -> OnDisk:
        """Remember a file; return it."""
        on_disk = OnDisk(name, name, Signature(size, 0, 0))
        content = HashedFile(id_from_digests(size, b""), b"")
        self.cache.keep([(on_disk, content)], has_more)
        return on_disk

    def written(self) -> int:
        """Count what another process finds in the database."""
        with closing(sqlite3.connect(self.folder / "cache.db")) as database:
            (count,) = database.execute("SELECT count(*) FROM files").fetchone()
        return int(count)

    def test_last(self) -> None:
        """Few wait for those that follow, and are there with the last."""
        self.keep("a", has_more=True)
        self.assertEqual(self.written(), 0)
        self.keep("b", has_more=False)
        self.assertEqual(self.written(), 2)

    def test_many(self) -> None:
        """Very many, or much, does not wait."""
        for number in range(4_095):
            self.keep(f"a{number}", has_more=True)
        self.assertEqual(self.written(), 0)
        self.keep("b", has_more=True)
        self.assertEqual(self.written(), 4_096)
        self.keep("c", 64 * MIB, has_more=True)
        self.assertEqual(self.written(), 4_097)

    def test_asked(self) -> None:
        """What waits is found."""
        on_disk = self.keep("a", has_more=True)
        self.assertIsNotNone(self.cache.find([on_disk])[0])
        self.keep("b", has_more=True)
        self.assertEqual(self.cache.names_with([id_from_digests(1, b"")]), ["a", "b"])

    def test_no_file_beside(self) -> None:
        """What a statement may have to undo is in memory, and in no further file."""
        assert self.cache._database is not None
        (stored,) = self.cache._database.execute("PRAGMA temp_store").fetchone()
        self.assertEqual(stored, 2)

    def test_closed(self) -> None:
        """What waits is there once it is closed."""
        self.keep("a", has_more=True)
        self.cache.close()
        self.assertEqual(self.written(), 1)
