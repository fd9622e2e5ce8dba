"""When files are hashed, how, and how often."""

import os
import sqlite3
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import disk, hashing, queue, upkeep
from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.entries import Place
from p2p_twisted.library.hashing import Altered, Begun, Hashed, Job, hash_some
from p2p_twisted.library.listing import list_folder
from p2p_twisted.library.queue import HashQueue
from p2p_twisted.threads import inline
from p2p_twisted.wire.content import content_id
from p2p_twisted.wire.limits import CHUNK_BYTES
from tests.library.sharing import Sharer


def found(sharer: Sharer, name: str) -> Job:
    """Make a job for a file that is there."""
    listed = list_folder(sharer.directory, Place(), None, lambda: False)
    return Job(listed.files[name])


class HashTests(SynchronousTestCase):
    """Hashing itself."""

    def test_sizes(self) -> None:
        """A file's id is that of its content, whatever its size."""
        sharer = Sharer(self)
        for size in (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES):
            content = os.urandom(size)
            sharer.file("f1", content)
            (outcome,) = hash_some(sharer.directory, [found(sharer, "f1")], 9, lambda: False)
            assert isinstance(outcome, Hashed)
            self.assertEqual(outcome.content.file, content_id(content))

    def test_in_turns(self) -> None:
        """A large file is hashed in several goes, with the same result."""
        sharer = Sharer(self)
        content = os.urandom(3 * CHUNK_BYTES + 5)
        sharer.file("f1", content)
        job = found(sharer, "f1")
        percents = []
        for _ in range(3):
            (outcome,) = hash_some(sharer.directory, [job], 1, lambda: False)
            assert isinstance(outcome, Begun)
            percents.append(outcome.job.percent)
        self.assertEqual(percents, [25, 50, 75])
        (outcome,) = hash_some(sharer.directory, [job], 1, lambda: False)
        assert isinstance(outcome, Hashed)
        self.assertEqual(outcome.content.file, content_id(content))

    def test_canceled(self) -> None:
        """Nothing more is read once it is canceled."""
        sharer = Sharer(self)
        sharer.file("f1", bytes(2 * CHUNK_BYTES))
        asked: list[None] = []

        def is_canceled() -> bool:
            asked.append(None)
            return len(asked) > 1

        (outcome,) = hash_some(sharer.directory, [found(sharer, "f1")], 9, is_canceled)
        assert isinstance(outcome, Begun)
        self.assertEqual(outcome.job.hashed_chunks, 1)

    def test_written_to_meanwhile(self) -> None:
        """A write while it is read leaves no id."""
        sharer = Sharer(self)
        path = sharer.file("f1", bytes(2 * CHUNK_BYTES))
        job = found(sharer, "f1")

        def write() -> bool:
            path.write_bytes(bytes(2 * CHUNK_BYTES))
            return False

        (outcome,) = hash_some(sharer.directory, [job], 9, write)
        self.assertIsInstance(outcome, Altered)

    def test_cut_meanwhile(self) -> None:
        """A file that gets shorter while it is read leaves no id."""
        sharer = Sharer(self)
        path = sharer.file("f1", bytes(2 * CHUNK_BYTES))
        job = found(sharer, "f1")

        def cut() -> bool:
            os.truncate(path, 5)
            return False

        (outcome,) = hash_some(sharer.directory, [job], 9, cut)
        self.assertIsInstance(outcome, Altered)

    def test_replaced(self) -> None:
        """Something else under a file's name is not read."""
        sharer = Sharer(self)
        for replace in (os.mkfifo, os.mkdir, lambda path: os.symlink("/etc/passwd", path)):
            path = sharer.file("f1")
            job = found(sharer, "f1")
            path.unlink()
            replace(path)
            (outcome,) = hash_some(sharer.directory, [job], 9, lambda: False)
            self.assertIsInstance(outcome, hashing.Unreadable)
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


class QueueTests(SynchronousTestCase):
    """Which files come first."""

    def test_smallest_first(self) -> None:
        """Small files go before large ones, which go on later."""
        sharer = Sharer(self)
        for name, size in (("a", 3 * CHUNK_BYTES), ("b", 0), ("c", CHUNK_BYTES + 1), ("d", 1)):
            sharer.file(name, bytes(size))
        jobs = HashQueue()
        for name in "abcd":
            jobs.add(found(sharer, name))
        self.patch(queue, "BATCH_CHUNKS", 2)
        self.assertEqual([job.on_disk.name for job in jobs.take()], ["b", "d", "c"])
        self.assertEqual([job.on_disk.name for job in jobs.take()], ["a"])
        self.assertEqual((jobs.take(), bool(jobs)), ([], False))

    def test_discarded(self) -> None:
        """What was taken away or replaced does not come."""
        sharer = Sharer(self)
        sharer.file("a")
        jobs = HashQueue()
        jobs.add(found(sharer, "a"))
        jobs.discard("a")
        self.assertFalse(jobs)
        jobs.add(found(sharer, "a"))
        jobs.add(found(sharer, "a"))
        self.assertEqual(len(jobs.take()), 1)

    def test_replaced(self) -> None:
        """A file that has grown waits for its new turn."""
        sharer = Sharer(self)
        sharer.file("a")
        sharer.file("b", bytes(CHUNK_BYTES + 1))
        jobs = HashQueue()
        jobs.add(found(sharer, "a"))
        jobs.add(found(sharer, "b"))
        sharer.file("a", bytes(3 * CHUNK_BYTES))
        jobs.add(found(sharer, "a"))
        self.assertEqual([job.on_disk.name for job in jobs.take()], ["b", "a"])


class WhenTests(SynchronousTestCase):
    """When a file is taken to be complete."""

    def test_old(self) -> None:
        """A file that has been still for a second is hashed at once."""
        sharer = Sharer(self)
        sharer.file("f1", age=1.5)
        sharer.start()
        self.assertEqual(sharer.hashed, ["f1"])

    def test_fresh(self) -> None:
        """A fresh file is hashed once it has been still for a second."""
        sharer = Sharer(self)
        sharer.file("f1", age=0.2)
        library = sharer.start()
        self.assertEqual(sharer.hashed, [])
        self.assertEqual(library.summary().hashing, 1)
        self.assertEqual(library.catalog.named("f1", 1)[0].hashed, 0)
        sharer.clock.advance(1)
        self.assertEqual(library.catalog.named("f1", 1)[0].hashed, 100)

    def test_from_the_future(self) -> None:
        """A file whose time is ahead of ours is hashed, too."""
        sharer = Sharer(self)
        sharer.file("f1", age=-3600)
        sharer.start()
        sharer.clock.advance(1)
        self.assertEqual(sharer.hashed, ["f1"])

    def test_closed(self) -> None:
        """A file whose writer has closed it is hashed at once."""
        sharer = Sharer(self)
        sharer.start()
        sharer.file("f1", age=0)
        sharer.noticed(is_deep=False, closed="f1")
        self.assertEqual(sharer.hashed, ["f1"])

    def test_still_written(self) -> None:
        """A file that is written to is left alone until that ends."""
        sharer = Sharer(self)
        library = sharer.start()
        for size in range(5):
            sharer.file("f1", b"x" * size, age=0)
            sharer.clock.advance(0.6)
            sharer.noticed(is_deep=False)
        self.assertIsNone(library.catalog.named("f1", 1)[0].file)
        sharer.clock.advance(2)
        self.assertEqual(library.catalog.named("f1", 1)[0].file, content_id(b"xxxx"))

    def test_written_unnoticed(self) -> None:
        """A write that nobody noticed is found when the hashing begins."""
        sharer = Sharer(self)
        sharer.file("f1", b"old", age=0)
        library = sharer.start()
        sharer.file("f1", b"newer", age=0)
        sharer.clock.advance(1)
        self.assertEqual(library.summary().hashing, 1)
        sharer.clock.advance(1)
        self.assertEqual(library.catalog.named("f1", 1)[0].file, content_id(b"newer"))

    def test_unreadable(self) -> None:
        """A file that cannot be opened is reported, and tried again by every look."""
        sharer = Sharer(self)
        sharer.file("f1")
        real = disk.open_file

        def refuse(*_arguments: object) -> int:
            raise PermissionError(13, "Permission denied")

        self.patch(disk, "open_file", refuse)
        library = sharer.start()
        self.assertEqual(library.summary().files, 0)
        self.assertEqual(sharer.unshared(), {"f1": "it cannot be read: Permission denied"})
        self.patch(disk, "open_file", real)
        sharer.clock.advance(100)
        self.assertEqual((sharer.names(), sharer.unshared()), (["f1"], {}))


class RestartTests(SynchronousTestCase):
    """What is remembered."""

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
        """What has another time, size or inode is hashed again."""
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
        """Rows that are not what was written are not believed."""
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
        """Without a cache it shares all the same."""
        sharer = Sharer(self)
        sharer.file("f1")
        sharer.state.rmdir()
        sharer.start()
        self.assertEqual(sharer.names(), ["f1"])
        self.assertEqual(sharer.library.catalog.named("f1", 1)[0].hashed, 100)

    def test_full_disk(self) -> None:
        """When the disk is full, what is remembered stays so."""
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
        """What has been away for a month is forgotten, and not before."""
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


class SettlingTests(SynchronousTestCase):
    """Beginning and ending."""

    def test_settled(self) -> None:
        """It has settled once what was there at the start is hashed."""
        sharer = Sharer(self)
        sharer.file("f1")
        sharer.file("a/f2", age=0)
        settled = sharer.library.settled()
        sharer.start()
        self.assertNoResult(settled)
        sharer.clock.advance(1)
        self.successResultOf(settled)
        self.successResultOf(sharer.library.settled())

    def test_never_still(self) -> None:
        """A file that is always written to does not keep it from settling."""
        sharer = Sharer(self)
        sharer.file("log", age=0)
        sharer.start()
        settled = sharer.library.settled()
        sharer.file("log", b"longer now", age=0)
        sharer.clock.advance(1)
        self.successResultOf(settled)

    def test_seen_to_change(self) -> None:
        """Neither does one whose changes are noticed."""
        sharer = Sharer(self)
        sharer.file("log", age=0)
        sharer.start()
        settled = sharer.library.settled()
        sharer.file("log", b"longer now", age=0)
        sharer.noticed(is_deep=False)
        self.successResultOf(settled)

    def test_stop_waits(self) -> None:
        """Stopping cancels what is being hashed, and waits until it has ended."""
        sharer = Sharer(self)
        sharer.file("f1")
        slow = SlowOffload()
        sharer.offload = slow
        settled = sharer.library.settled()
        sharer.start()
        for _ in range(3):
            slow.finish_one()
        stopped = sharer.library.stop()
        self.assertNoResult(stopped)
        slow.finish_one()
        slow.finish_one()
        self.successResultOf(stopped)
        self.failureResultOf(settled)
        self.assertTrue(sharer.watcher.is_stopped)
        self.assertEqual((slow.waiting, sharer.clock.getDelayedCalls()), ([], []))

    def test_stop_while_looking(self) -> None:
        """A look that is stopped ends without a word."""
        sharer = Sharer(self)
        sharer.file("f1")
        slow = SlowOffload()
        sharer.offload = slow
        sharer.start()
        slow.finish_one()
        stopped = sharer.library.stop()
        slow.finish_one()
        slow.finish_one()
        self.successResultOf(stopped)

    def test_stop_idle(self) -> None:
        """Stopped, it has no plans any more."""
        sharer = Sharer(self)
        sharer.start()
        self.successResultOf(sharer.library.stop())
        self.assertEqual(sharer.clock.getDelayedCalls(), [])

    def test_failure(self) -> None:
        """Whatever goes wrong with hashing is logged, and it is tried again."""
        sharer = Sharer(self)
        sharer.file("f1")
        failures = [ZeroDivisionError()]

        def failing(function: Any, *args: Any) -> "Deferred[Any]":
            if function.__name__ == "hash" and failures:
                return fail(failures.pop())
            return inline(function, *args)

        sharer.offload = failing
        library = sharer.start()
        self.assertEqual(library.summary().hashing, 1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        sharer.clock.advance(60)
        self.assertEqual(library.summary().hashing, 0)

    def test_stop_before_start(self) -> None:
        """What was never started can be stopped."""
        self.successResultOf(Sharer(self).library.stop())

    def test_large_file_takes_turns(self) -> None:
        """A small file that comes while a large one is hashed is not held up by it."""
        sharer = Sharer(self)
        sharer.file("large", bytes(4 * CHUNK_BYTES))
        slow = SlowOffload()
        sharer.offload = slow
        self.patch(queue, "BATCH_CHUNKS", 1)
        self.patch(upkeep, "BATCH_CHUNKS", 1)
        library = sharer.start()
        for _ in range(4):
            slow.finish_one()
        self.assertEqual(library.catalog.named("large", 1)[0].hashed, 25)
        sharer.file("small")
        sharer.noticed()
        for _ in range(3):
            slow.finish_one()
        self.assertEqual(library.catalog.named("small", 1)[0].hashed, 100)
        self.assertEqual(library.catalog.named("large", 1)[0].hashed, 50)


class SlowOffload:
    """Calls when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Deferred[Any], Any]] = []

    def __call__(self, function: Any, *args: Any) -> "Deferred[Any]":
        result: Deferred[Any] = Deferred()
        self.waiting.append((result, lambda: function(*args)))
        return result

    def finish_one(self) -> None:
        """Do what was asked for first."""
        result, call = self.waiting.pop(0)
        try:
            value = call()
        except Exception:
            result.errback()
        else:
            result.callback(value)
