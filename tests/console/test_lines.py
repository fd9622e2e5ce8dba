"""The lines of a pipe, in whatever pieces they come."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.lines import BadLine, LineSplitter
from p2p_twisted.wire.limits import LINE_BYTES


def split(*pieces: bytes, encoding: str = "utf-8") -> list[str | BadLine]:
    """Split what comes in these pieces, to its end."""
    splitter = LineSplitter(encoding)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return [*lines, *splitter.finish()]


class LineSplitterTests(SynchronousTestCase):
    """Bytes become lines."""

    @given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
    def test_any_chunking(self, stream: bytes, cuts: list[int]) -> None:
        """The same bytes are the same lines, however they come."""
        bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        pieces = [stream[a:b] for a, b in pairwise(bounds)]
        self.assertEqual(split(*pieces), split(stream))

    def test_last_line_without_end(self) -> None:
        """A last line counts without its end; an empty one does not."""
        self.assertEqual(split(b"a\nb"), ["a", "b"])
        self.assertEqual(split(b"a\n"), ["a"])

    def test_too_long(self) -> None:
        """A line that never ends is one bad line, kept nowhere; the next one is fine."""
        splitter = LineSplitter("utf-8")
        for _ in range(100):
            self.assertEqual(list(splitter.feed(b"x" * 65_536)), [])
        bad, good = splitter.feed(b"\nTOPO\n")
        self.assertIsInstance(bad, BadLine)
        self.assertEqual(good, "TOPO")

    def test_longest(self) -> None:
        """16 KiB are allowed."""
        longest = b"x" * LINE_BYTES
        self.assertEqual(split(longest + b"\n"), [longest.decode()])
        self.assertIsInstance(split(longest + b"x\n")[0], BadLine)
        self.assertIsInstance(split(longest + b"x")[0], BadLine)

    def test_undecodable(self) -> None:
        """Bytes that are no text are one bad line."""
        self.assertEqual(split(b"\xff\nTOPO\n"), [BadLine("that line is not UTF-8"), "TOPO"])
        self.assertEqual(split(b"\xe9\n", encoding="latin-1"), ["é"])
