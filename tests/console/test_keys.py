"""What a terminal sends, as keys."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.keys import Key, KeyReader
from p2p_twisted.wire.name_forms import INVISIBLE_IN_NAMES

TEXT = ["a", " ", "é", "日", "🎉", "\r", "\n", "\t", "\0", "[", "O", "A", "~", "3", ";"]
SEQUENCES = [
    b"\x1b",
    b"\x1b[A",
    b"\x1b[200~",
    b"\x1b[201~",
    b"\x1b[3~",
    b"\x1b[1;5C",
    b"\x9b",
    b"\xff",
]
PIECES = st.sampled_from([*map(str.encode, TEXT), *SEQUENCES])


def read(*pieces: bytes) -> list[str | Key]:
    """Read what comes in these pieces."""
    reader = KeyReader("utf-8")
    return [key for piece in pieces for key in reader.feed(piece)]


class KeyReaderTests(SynchronousTestCase):
    """Bytes become keys."""

    @given(st.lists(PIECES))
    def test_any_chunking(self, pieces: list[bytes]) -> None:
        """The same bytes are the same keys, however they come."""
        stream = b"".join(pieces)
        self.assertEqual(read(*(bytes([byte]) for byte in stream)), read(stream))

    @given(st.binary())
    def test_characters_can_be_shown(self, stream: bytes) -> None:
        """Whatever comes, a character among the keys is printable, or may be in a name."""
        for key in read(stream):
            self.assertTrue(
                isinstance(key, Key) or key.isprintable() or key in INVISIBLE_IN_NAMES, key
            )

    def test_invisible_in_names(self) -> None:
        """What names may have can be typed and pasted, though it shows nothing."""
        text = "a\u00a0b\u202fc\u200cd\u200de\u3000f\u200fg\U000e0100"
        self.assertEqual(read(text.encode()), [*text])
        self.assertEqual(read("\u202e\u2066\u2028\ufeff".encode()), [])

    def test_keys(self) -> None:
        """The keys of several kinds of terminals."""
        for sent, key in {
            b"\x1b[A": Key.UP,
            b"\x1bOA": Key.UP,
            b"\x1b[D": Key.LEFT,
            b"\x1b[H": Key.HOME,
            b"\x1bOF": Key.END,
            b"\x1b[1~": Key.HOME,
            b"\x1b[3~": Key.DELETE,
            b"\x7f": Key.BACKSPACE,
            b"\x03": Key.INTERRUPT,
            b"\x02": Key.LEFT,
            b"\x0b": Key.ERASE_END,
            b"\x12": Key.SEARCH,
            b"\t": Key.COMPLETE,
            b"\x1bb": Key.WORD_LEFT,
            b"\x1bd": Key.ERASE_WORD_RIGHT,
            b"\x1b\x7f": Key.ERASE_WORD_LEFT,
            b"\x1b[1;5C": Key.WORD_RIGHT,
            b"\x1bOd": Key.WORD_LEFT,
        }.items():
            self.assertEqual(read(sent + b"x"), [key, "x"], sent)

    def test_swallowed(self) -> None:
        """Unknown keys leave nothing behind: F1, F5, shift-arrow, Alt-x, the end of a paste."""
        for sent in (
            b"\x1bOP",
            b"\x1b[[A",
            b"\x1b[15~",
            b"\x1b[1;2C",
            b"\x1bx",
            b"\x1b[201~",
            b"\x00",
            b"\x1f",
            b"\x1b[" + b"1" * 30,
        ):
            self.assertEqual(read(sent + b"\x1b[Cx"), [Key.RIGHT, "x"], sent)

    def test_paste(self) -> None:
        """Of a paste, characters and ends of lines are keys, whatever else is in it."""
        pasted = b"\x1b[200~a\tb\r\nc\x04\x12\x1b[Ad\ne\x1b[201~"
        self.assertEqual(read(pasted), ["a", " ", "b", Key.ENTER, "c", "d", Key.ENTER, "e"])
        self.assertEqual(read(pasted, b"\t"), [*read(pasted), Key.COMPLETE])

    def test_paste_without_end(self) -> None:
        """Control-C ends a paste whose end was lost."""
        self.assertEqual(read(b"\x1b[200~a\x03\x03"), ["a", Key.INTERRUPT])
