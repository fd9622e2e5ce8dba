"""Which files are hashed first."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import queue
from p2p_twisted.library.queue import HashQueue
from p2p_twisted.wire.limits import CHUNK_BYTES, KIB
from tests.library.sharing import Sharer, found


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

    def test_tiny(self) -> None:
        """Of tiny files many are hashed in one go, as long as they are no more than large ones."""
        sharer = Sharer(self)
        for name, size in (
            ("a", 200 * KIB),
            ("b", 200 * KIB),
            ("c", 300 * KIB),
            ("d", CHUNK_BYTES),
        ):
            sharer.file(name, bytes(size))
        jobs = HashQueue()
        for name in "abcd":
            jobs.add(found(sharer, name))
        self.patch(queue, "BATCH_CHUNKS", 0.5)
        self.assertEqual([job.on_disk.name for job in jobs.take()], ["a", "b", "c"])
        self.assertEqual([job.on_disk.name for job in jobs.take()], ["d"])

    def test_tiny_in_order(self) -> None:
        """Tiny files come in the order in which they were found: that of their folders."""
        sharer = Sharer(self)
        jobs = HashQueue()
        for name in "badc":
            sharer.file(name)
            jobs.add(found(sharer, name))
        jobs.discard("d")
        self.assertEqual([job.on_disk.name for job in jobs.take()], ["b", "a", "c"])

    def test_discarded(self) -> None:
        """A discarded or replaced job is not returned."""
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
