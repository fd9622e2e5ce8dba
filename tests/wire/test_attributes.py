"""What is kept of a file beside its content: written, read, and bounded."""

import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.attributes import (
    Attributes,
    BadAttributes,
    decode_attributes,
    encode_attributes,
)
from p2p_twisted.wire.codec import decode
from p2p_twisted.wire.errors import Malformed
from p2p_twisted.wire.limits import MODIFIED_SECONDS
from p2p_twisted.wire.messages import Hit, Told

MOST = int(MODIFIED_SECONDS) * 10**9
ID = "0" * 32


class AttributesTests(SynchronousTestCase):
    """The attributes of single files."""

    def test_of(self) -> None:
        """Times are exact, also before 1970; what others would refuse is not told."""
        for modified in (0, -1, 1, 2**31 * 10**9 + 123_456_789, MOST, -MOST):
            self.assertEqual(Attributes.of(modified, False), Attributes(modified))
        for modified in (MOST + 1, -MOST - 1, 2**80):
            self.assertEqual(Attributes.of(modified, True), Attributes(None, True))

    def test_bounds(self) -> None:
        """Every year that a calendar on paper has is within the bounds."""
        for year in (1, 1969, 2040, 9999):
            seconds = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
            self.assertLess(abs(seconds), MODIFIED_SECONDS)


class HitTests(SynchronousTestCase):
    """Hits that carry a file's attributes."""

    def hit(self, modified: str) -> bytes:
        fields = f'"peer":"s1","name":"f","size":1,"modified":{modified}'
        return f'TOLD {{"id":"{ID}","hits":[{{{fields}}}]}}'.encode()

    def test_in_bounds(self) -> None:
        """Nanoseconds of any year, also before 1970."""
        for modified in (0, -5, MOST, -MOST):
            told = decode(self.hit(str(modified)))
            self.assertEqual(told, Told(ID, hits=(Hit("s1", "f", 1, modified=modified),)))

    def test_out_of_bounds(self) -> None:
        """No other number is a time."""
        odd = ("NaN", "Infinity", "1e300", "1.5", "true", '"1"', str(MOST + 1), str(-MOST - 1))
        for modified in (*odd, "9" * 400):
            self.assertRaises(Malformed, decode, self.hit(modified))


class ListTests(SynchronousTestCase):
    """Lists of what is kept of a folder's files."""

    @given(
        st.lists(
            st.builds(Attributes, st.none() | st.integers(-MOST, MOST), st.booleans()), max_size=9
        )
    )
    def test_round_trip(self, files: list[Attributes]) -> None:
        """What is written is read."""
        self.assertEqual(list(decode_attributes(encode_attributes(files), len(files))), files)

    def test_example(self) -> None:
        """It is a text, with a line per file."""
        files = [Attributes(1_718_000_000_123_456_789, True), Attributes(-1), Attributes()]
        self.assertEqual(encode_attributes(files), b"1718000000123456789 x\n-1\n-\n")

    def test_too_much(self) -> None:
        """A list that is far too long is not even split into lines."""
        for text in (b"\n" * 1_000_000, b"0" * 1_000_000 + b"\n"):
            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            with self.assertRaises(BadAttributes):
                list(decode_attributes(text, 1))
            self.assertLess(tracemalloc.get_traced_memory()[1], 100_000)


BAD_LISTS = (
    *(b"", b"0", b"0\n0\n", b"00\n", b"-0\n", b"1e9\n", b"nan\n", b"0 X\n", b"0  x\n", b" 0\n"),
    *(b"0\r\n", b"\xff\n", b"%d\n" % (MOST + 1), b"-" + b"9" * 21 + b"\n", b"9" * 9_999 + b"\n"),
    "\u0663\n".encode(),
)


@pytest.mark.parametrize("text", BAD_LISTS)
def test_bad_list(text: bytes) -> None:
    """A list of another folder, or of times that cannot be, is refused."""
    with pytest.raises(BadAttributes):
        list(decode_attributes(text, 1))
