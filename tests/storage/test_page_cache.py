"""What a large download leaves in memory."""

import errno
import os
from tempfile import TemporaryDirectory

from blake3 import blake3
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.storage.content import Content
from p2p_twisted.storage.file_attributes import AttributeWriter
from p2p_twisted.storage.page_cache import KEPT_BYTES
from p2p_twisted.storage.part_file import PartFile
from p2p_twisted.wire.chunks import id_from_digests
from p2p_twisted.wire.limits import CHUNK_BYTES
from tests.download.content import some_bytes
from tests.storage.disks import FaultyDisk

KEPT = KEPT_BYTES // CHUNK_BYTES
CHUNK = some_bytes(CHUNK_BYTES)


class Memory(FaultyDisk):
    """A disk that keeps nothing, and notes which chunks need no memory any more."""

    def __init__(self) -> None:
        super().__init__()
        self.not_needed: list[int] = []
        self.written = 0
        self.fault = 0

    def pwrite(self, fd: int, data: memoryview, offset: int) -> int:
        self.written += 1
        return len(data)

    def posix_fadvise(self, fd: int, offset: int, length: int, advice: int) -> None:
        if self.fault:
            raise OSError(self.fault, os.strerror(self.fault))
        assert (length, advice) == (CHUNK_BYTES, os.POSIX_FADV_DONTNEED)
        self.not_needed.append(offset // CHUNK_BYTES)


class PageCacheTests(SynchronousTestCase):
    """Part files of several sizes, and the memory that they take."""

    def setUp(self) -> None:
        self.disk = Memory()

    def part(self, chunks: int) -> PartFile:
        """Make the part file of a file that repeats a chunk."""
        digests, size = blake3(CHUNK).digest() * chunks, chunks * CHUNK_BYTES
        directory = TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        part = PartFile(
            os.open(directory.name, os.O_RDONLY),
            ".part",
            "film",
            Content(id_from_digests(size, digests), size, digests),
            disk=self.disk,
            attribute_writer=AttributeWriter.of_process(keeps_times=True),
        )
        self.addCleanup(part.close)
        return part

    def write(self, part: PartFile, *indexes: int) -> list[int]:
        """Write chunks; return which ones need no memory any more from then on."""
        self.disk.not_needed.clear()
        for index in indexes:
            part.write(index, memoryview(CHUNK))
        return self.disk.not_needed

    def test_large(self) -> None:
        """Each chunk goes to the disk at once, and leaves the memory when many came after it."""
        part = self.part(KEPT + 20)
        first = list(range(KEPT))
        self.assertEqual(self.write(part, *first), first)
        self.assertEqual(self.write(part, KEPT + 9, KEPT + 2), [KEPT + 9, 0, KEPT + 2, 1])

    def test_any_order(self) -> None:
        """It leaves the memory in the order in which it came: many holders deliver."""
        part = self.part(KEPT + 20)
        backwards = list(range(KEPT + 19, 19, -1))
        self.assertEqual(self.write(part, *backwards), backwards)
        self.assertEqual(self.write(part, 0), [0, KEPT + 19])

    def test_small(self) -> None:
        """What is not large stays in memory: it is mostly read soon."""
        self.assertEqual(self.write(self.part(KEPT), *range(KEPT)), [])

    def test_no_advice(self) -> None:
        """Where the system takes no advice, all is written without."""
        part = self.part(KEPT + 20)
        self.disk.fault = errno.ENOSYS
        self.assertEqual(self.write(part, *range(KEPT + 1)), [])
        self.assertEqual(self.disk.written, KEPT + 1)

    def test_others_read_it(self) -> None:
        """While others are served from it, too, all stays in memory."""
        part = self.part(KEPT + 20)
        os.close(part.duplicate())
        self.write(part, *range(KEPT))
        self.assertEqual(self.write(part, KEPT), [KEPT])
