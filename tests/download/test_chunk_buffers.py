"""The memory that chunks come into."""

import mmap
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.download.chunk_buffers import ChunkBuffers
from p2p_twisted.runtime.disk_thread import CALLS_AHEAD
from p2p_twisted.wire.limits import MIB


class ChunkBuffersTests(SynchronousTestCase):
    def setUp(self) -> None:
        patcher = patch.object(mmap, "mmap", wraps=mmap.mmap)
        self.memory = patcher.start()
        self.addCleanup(patcher.stop)

    def filled(self, buffers: ChunkBuffers, count: int) -> list[memoryview]:
        """Take some, and fill each with a number of its own."""
        taken = [buffers.take() for _ in range(count)]
        for number, buffer in enumerate(taken):
            buffer[:] = bytes([number]) * len(buffer)
        return taken

    def test_apart(self) -> None:
        """Each has room for a chunk, and none for bytes of another one."""
        taken = self.filled(ChunkBuffers(100 * MIB), 5)
        self.assertEqual([bytes(each) for each in taken], [bytes([n]) * MIB for n in range(5)])

    def test_kept(self) -> None:
        """As many as are at work at once come back without memory of the system's."""
        buffers = ChunkBuffers(100 * MIB)
        for _ in range(3):
            for buffer in self.filled(buffers, CALLS_AHEAD):
                buffers.give_back(buffer)
        self.assertEqual(self.memory.call_count, CALLS_AHEAD // 2)

    def test_cleared(self) -> None:
        """Then the next chunk takes memory of the system's again."""
        buffers = ChunkBuffers(100 * MIB)
        for buffer in self.filled(buffers, 2):
            buffers.give_back(buffer)
        buffers.clear()
        buffers.take()
        self.assertEqual(self.memory.call_count, 2)

    def test_last_is_next(self) -> None:
        """What was used last, and is in the processor's cache, is used next."""
        buffers = ChunkBuffers(100 * MIB)
        first, last = self.filled(buffers, 2)
        buffers.give_back(first)
        buffers.give_back(last)
        self.assertIs(buffers.take(), last)

    def test_small(self) -> None:
        """A file of one chunk takes no more than it has bytes."""
        self.assertEqual(len(ChunkBuffers(1_000).take()), 1_000)
        self.assertEqual(self.memory.call_args.args[1], 1_000)

    def test_small_pages_only(self) -> None:
        """A system that has no large pages will do."""
        with patch.object(mmap, "MADV_HUGEPAGE", -1, create=True):
            self.assertEqual(len(ChunkBuffers(2 * MIB).take()), MIB)
