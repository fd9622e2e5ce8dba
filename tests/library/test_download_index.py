"""Downloads that are remembered by their content."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.cache import KEPT_DAYS, HashCache
from p2p_twisted.library.download_index import DownloadIndex
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.chunks import chunk_digest, content_id

DAY_SECONDS = 86_400


class EarlierTests(SynchronousTestCase):
    """Downloads in one folder."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.root = self.folder / "Downloads"
        self.root.mkdir(parents=True)
        self.now = 1e9
        self.index = self.run_again()

    def run_again(self) -> DownloadIndex:
        folder = OwnFolder(self.folder)
        cache = HashCache(folder, "downloads.db", lambda: self.now, finds_ids=True)
        index = DownloadIndex(self.root, cache)
        index.start()
        self.addCleanup(index.stop)
        return index

    def publish(self, path: str, content: bytes) -> str:
        """Download something; return its id."""
        target = self.root / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        file_id = content_id(content)
        self.index.keep([(path, file_id, chunk_digest(content), None)])
        return file_id

    def assert_open(self, file_id: str, content: bytes) -> None:
        source = self.index.open(file_id)
        assert source is not None
        self.assertEqual((source.file_id, source.read(0, len(content))), (file_id, content))
        source.close()

    def test_opens(self) -> None:
        """A download is found by its content, also in the next run."""
        one, two = self.publish("a", b"one"), self.publish("sub/b", b"two")
        self.assertEqual(self.index.among([two, "f" * 64, one]), {one, two})
        self.assert_open(two, b"two")
        self.index.stop()
        self.index = self.run_again()
        self.assert_open(one, b"one")
        self.assertIsNone(self.index.open("f" * 64))

    def test_together(self) -> None:
        """What comes with many others is found at once, and in the next run once all have come."""
        kept = [
            (path, content_id(path.encode()), chunk_digest(path.encode()), None)
            for path in ("a", "b")
        ]
        for path, *_rest in kept:
            (self.root / path).write_text(path)
        self.index.keep(kept[:1], has_more=True)
        self.assertEqual(self.index.id_of("a"), kept[0][1])
        self.assertEqual(self.index.among([kept[0][1]]), {kept[0][1]})
        self.index.keep(kept[1:], has_more=True)
        self.assertNotIn("b", self.written())
        self.index.keep([])
        self.assertEqual(self.written(), {"a", "b"})

    def test_stopped(self) -> None:
        """What came with others, of which no more came, is known in the next run."""
        (self.root / "a").write_bytes(b"a")
        self.index.keep([("a", content_id(b"a"), chunk_digest(b"a"), None)], has_more=True)
        self.index.stop()
        self.index = self.run_again()
        self.assertEqual(self.index.id_of("a"), content_id(b"a"))

    def written(self) -> set[str]:
        """Return the paths that a crash could not take any more."""
        with closing(sqlite3.connect(self.folder / "downloads.db")) as database:
            return {name for (name,) in database.execute("SELECT name FROM files")}

    def test_changed(self) -> None:
        """A changed, replaced or removed download is not found any more."""
        for harm in ("write", "replace", "remove", "link"):
            file_id = self.publish("a", b"one")
            path = self.root / "a"
            if harm == "write":
                path.write_bytes(b"two")
                os.utime(path, (1, 1))
            elif harm == "remove":
                path.unlink()
            else:
                path.rename(self.root / "b")
                if harm == "link":
                    path.symlink_to("b")
                else:
                    path.write_bytes(b"one")
            self.assertIsNone(self.index.open(file_id), harm)
            self.assertEqual(self.index.among([file_id]), frozenset(), harm)
            path.unlink(missing_ok=True)

    def test_replaced_before(self) -> None:
        """What was put in the place of a download before that was remembered is not it."""
        path, file_id = self.root / "a", content_id(b"one")
        path.write_bytes(b"one")
        status = path.lstat()
        path.rename(self.root / "b")
        path.write_bytes(b"two")
        self.index.keep([("a", file_id, chunk_digest(b"one"), status)])
        self.assertIsNone(self.index.open(file_id))
        path.unlink()
        (self.root / "b").rename(path)
        status = path.lstat()
        self.index.keep([("a", file_id, chunk_digest(b"one"), status)])
        self.assert_open(file_id, b"one")

    def test_another_place(self) -> None:
        """If one copy is gone, another is opened."""
        file_id = self.publish("a", b"one")
        self.publish("b", b"one")
        (self.root / "a").unlink()
        self.assert_open(file_id, b"one")

    def test_not_asked_for(self) -> None:
        """A download that nobody has asked for in a month is known for as long as it is there."""
        file_id = self.publish("a", b"one")
        for _ in range(3):
            self.index.stop()
            self.now += (KEPT_DAYS + 1) * DAY_SECONDS
            self.index = self.run_again()
        self.assert_open(file_id, b"one")

    def test_forgets(self) -> None:
        """A download that is gone is forgotten after a month, and not before."""
        self.publish("a", b"one")
        (self.root / "a").unlink()
        for days, rows in ((KEPT_DAYS - 1, 1), (2, 0)):
            self.index.stop()
            self.now += days * DAY_SECONDS
            self.index = self.run_again()
            with closing(sqlite3.connect(self.folder / "downloads.db")) as database:
                [(found,)] = database.execute("SELECT count(*) FROM files")
            self.assertEqual(found, rows)

    def test_many(self) -> None:
        """Thousands can be asked for at once."""
        file_id = self.publish("a", b"one")
        self.assertEqual(
            self.index.among([*(f"{n:064x}" for n in range(3_000)), file_id]), {file_id}
        )
