"""Holes are found, and nothing but zeros is taken for one."""

import os
from tempfile import TemporaryFile

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.holes import data_runs, has_data

PAGE = 4_096


class DataRunsTests(SynchronousTestCase):
    """What of some bytes is worth writing."""

    @given(
        st.lists(st.tuples(st.sampled_from([b"\0", b"\1", b"\0\1", b"\1\0"]), st.integers(0, 7))),
        st.integers(0, PAGE),
    )
    def test_complete(self, parts: list[tuple[bytes, int]], rest: int) -> None:
        """Runs are in order and not empty; all else is zeros, in whole pages."""
        content = b"".join((part * PAGE)[:PAGE] * pages for part, pages in parts) + bytes(rest)
        rebuilt, last = bytearray(len(content)), -1
        for start, end in data_runs(memoryview(content)):
            self.assertTrue(last < start < end)
            self.assertEqual(start % PAGE, 0)
            rebuilt[start:end] = content[start:end]
            last = end
        self.assertEqual(rebuilt, content)

    def test_long(self) -> None:
        """Sixteen KiB of zeros are left out, fewer are not."""
        data = b"\1" + bytes(PAGE - 1)
        content = data + bytes(4 * PAGE) + data + bytes(3 * PAGE) + data + bytes(5 * PAGE)
        self.assertEqual(list(data_runs(memoryview(content))), [(0, PAGE), (5 * PAGE, 10 * PAGE)])
        self.assertEqual(list(data_runs(memoryview(bytes(8 * PAGE)))), [])
        self.assertEqual(list(data_runs(memoryview(b""))), [])


class HasDataTests(SynchronousTestCase):
    """What is stored of a file."""

    def test_sparse(self) -> None:
        """Holes have nothing, nor has what is behind the end."""
        with TemporaryFile() as file:
            fd = file.fileno()
            os.ftruncate(fd, 64 * PAGE)
            os.pwrite(fd, b"x", 32 * PAGE)
            os.fsync(fd)
            stored = [has_data(fd, page * PAGE, PAGE) for page in (0, 31, 32, 63, 64, 99)]
        self.assertEqual(stored, [False, False, True, False, False, False])

    def test_cannot_tell(self) -> None:
        """Where the system cannot tell, everything may be stored."""
        reading, writing = os.pipe()
        self.assertTrue(has_data(reading, 0, 1))
        os.close(reading)
        os.close(writing)
