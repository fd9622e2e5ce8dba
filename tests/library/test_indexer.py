"""A library settles, goes on hashing whatever happens, and stops."""

import gc
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import indexer, queue, scanner
from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.entries import OnDisk
from p2p_twisted.library.folders import Folder
from p2p_twisted.library.matching import key
from p2p_twisted.runtime.threads import inline
from p2p_twisted.wire.limits import CHUNK_BYTES
from tests.library.sharing import Sharer


class SettlingTests(SynchronousTestCase):
    """When everything found at the start is hashed."""

    def test_settled(self) -> None:
        """It has settled once everything found at the start is hashed."""
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
        """A file that is constantly written to does not keep it from settling."""
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


class GarbageTests(SynchronousTestCase):
    """What the garbage collector looks at, which pauses all else meanwhile."""

    def test_library(self) -> None:
        """It looks at no more of a library than what came last."""
        self.patch(indexer, "_FROZEN_AT_ONCE", 4)
        sharer = Sharer(self)
        for number in range(7):
            sharer.file(f"{number}/f")
        sharer.start()
        sharer.file("8/f")
        sharer.noticed()
        looked_at = [each for each in gc.get_objects() if isinstance(each, Folder)]
        self.assertEqual([each.children for each in looked_at], [{"8/f"}])

    def test_files(self) -> None:
        """It looks at none of the values that are kept of each file."""
        sharer = Sharer(self)
        sharer.file("f")
        catalog = sharer.start().catalog
        shared = catalog.entry("f")
        assert shared is not None
        for each in (shared, shared.on_disk, shared.on_disk.signature, shared.content, key("f")):
            self.assertFalse(gc.is_tracked(each))

    def test_changes(self) -> None:
        """Of a library that does not grow, nothing more is kept from it."""
        frozen: list[int] = []
        self.patch(indexer, "_FROZEN_AT_ONCE", 2)
        self.patch(indexer, "freeze_objects", lambda: frozen.append(1))
        sharer = Sharer(self)
        for number in range(10):
            sharer.file("a", b"%d" % number)
            sharer.file("b", b"changed %d" % number)
            sharer.noticed() if number else sharer.start()
        self.assertEqual(sharer.library.summary().files, 2)
        self.assertEqual(len(frozen), 2)


class GoingOnTests(SynchronousTestCase):
    """Hashing, with faults and interruptions."""

    def test_failure(self) -> None:
        """An unexpected error in hashing is logged, and hashing is tried again."""
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

    def test_large_file_takes_turns(self) -> None:
        """A small file that comes while a large one is hashed goes first, beside its next chunk."""
        sharer = Sharer(self)
        sharer.file("large", bytes(4 * CHUNK_BYTES))
        slow = SlowOffload()
        sharer.offload = slow
        self.patch(queue, "BATCH_CHUNKS", 1)
        self.patch(indexer, "BATCH_CHUNKS", 1)
        library = sharer.start()
        for _ in range(4):
            slow.finish_one()
        self.assertEqual(library.catalog.named("large", 1)[0].hashed, 25)
        sharer.file("small")
        sharer.noticed()
        for _ in range(3):
            slow.finish_one()
        self.assertEqual(library.catalog.named("small", 1)[0].hashed, 100)
        self.assertEqual(library.catalog.named("large", 1)[0].hashed, 75)

    def test_hashed_anew(self) -> None:
        """While something gets its id again, no content is known to be gone."""
        sharer = Sharer(self)
        sharer.file("f1")
        library = sharer.start()
        self.assertTrue(library.is_settled)
        sharer.offload = slow = SlowOffload()
        sharer.file("f1", b"other now")
        sharer.noticed()
        slow.finish_one()
        self.assertFalse(library.is_settled)
        slow.finish_one()
        self.assertTrue(library.is_settled)
        sharer.offload = inline
        sharer.file("log", age=0)
        sharer.noticed()
        self.assertTrue(library.is_settled)


class StopTests(SynchronousTestCase):
    """Stopping at any time."""

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
        """A scan that is stopped logs nothing."""
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

    def test_stop_while_looking_up(self) -> None:
        """What is remembered of very many files is looked up no longer than that is wanted."""
        self.patch(scanner, "_LOOKED_UP_AT_ONCE", 2)
        sharer = Sharer(self)
        for number in range(6):
            sharer.file(f"f{number}")
        sizes: list[int] = []

        def find(_cache: HashCache, files: Sequence[OnDisk], _written: object) -> list[None]:
            sizes.append(len(files))
            sharer.library.stop()
            return [None for _ in files]

        self.patch(HashCache, "find", find)
        sharer.start()
        self.assertEqual(sizes, [2])
        self.assertEqual(sharer.names(), [])

    def test_stop_idle(self) -> None:
        """A stopped indexer has nothing scheduled."""
        sharer = Sharer(self)
        sharer.start()
        self.successResultOf(sharer.library.stop())
        self.assertEqual(sharer.clock.getDelayedCalls(), [])

    def test_stop_before_start(self) -> None:
        """An indexer that was never started can be stopped."""
        self.successResultOf(Sharer(self).library.stop())


class SlowOffload:
    """Runs calls when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Deferred[Any], Any]] = []

    def __call__(self, function: Any, *args: Any) -> "Deferred[Any]":
        result: Deferred[Any] = Deferred()
        self.waiting.append((result, lambda: function(*args)))
        return result

    def finish_one(self) -> None:
        """Run the oldest call."""
        result, call = self.waiting.pop(0)
        try:
            value = call()
        except Exception:
            result.errback()
        else:
            result.callback(value)
