"""Names from strangers and numbers, made fit to be read."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.text import (
    cells,
    clip,
    count,
    human_size,
    human_time,
    meant,
    padded,
    shown_name,
    visible,
)

ANY_TEXT = st.text(st.characters(codec=None, categories=None))


class VisibleTests(SynchronousTestCase):
    """Nothing invisible gets through."""

    def test_escapes(self) -> None:
        """Control, format, separator, private, unassigned and surrogate characters are spelled."""
        for character, spelled in {
            "\x1b": r"\x1b",
            "\n": r"\n",
            "\x9b": r"\x9b",
            "\u202e": r"\u202e",
            "\u200b": r"\u200b",
            "\u2028": r"\u2028",
            "\xa0": r"\xa0",
            "\ue000": r"\ue000",
            "\u0378": r"\u0378",
            "\ud800": r"\ud800",
            "\U000e0001": r"\U000e0001",
        }.items():
            self.assertEqual(visible(f"a{character}b"), f"a{spelled}b")

    def test_keeps_what_can_be_read(self) -> None:
        """Words of any language, spaces and simple emoji stay as they are."""
        for text in ("f1.txt", "häuser und bäume", "日本語.txt", "🎉 party.png"):
            self.assertEqual(visible(text), text)

    def test_marks(self) -> None:
        """Marks stay with their letter, as many as languages use; all others are spelled."""
        for text in ("e\u0301", "\u0e17\u0e35\u0e48", "\u05d1\u05bc\u05b0\u0591", "o\u0302\u0301"):
            self.assertEqual(visible(text), text)
        self.assertEqual(visible("\u0301"), r"\u0301")
        self.assertEqual(visible("saved \u0301\u20dd to"), r"saved \u0301\u20dd to")
        for mark in "\u0300\u0e47\u20dd":
            self.assertEqual(visible(f"a{9 * mark}b"), f"a{8 * mark}" + rf"\u{ord(mark):04x}b")

    @given(ANY_TEXT)
    def test_any_text(self, text: str) -> None:
        """Whatever it was, it is printable then."""
        self.assertTrue(visible(text).isprintable())

    def test_meant(self) -> None:
        """What is copied from a list is what the list means, where names may have it."""
        for name in (
            *("a\u00a0b", "\u0645\u06cc\u200c\u062e", "1.23\u202fPM.png", "a\u200db", "a b"),
            *("a\u3000b", "\u845b\U000e0100", "\u260e\ufe0e", "\u05d0\u200f1", "a\u00adb"),
        ):
            self.assertEqual(meant(visible(name)), name)
            self.assertEqual(name == visible(name), name == "a b")
        for other in ("\\u202e", "\\x41", "\\", "a\\u202"):
            self.assertEqual(meant(other), other)

    @given(ANY_TEXT, st.integers(0, 50))
    def test_clip(self, text: str, room: int) -> None:
        """A clipped text fits."""
        self.assertLessEqual(cells(clip(visible(text), room)), room)

    def test_piled_up(self) -> None:
        """Text that takes no room is not measured without end."""
        self.assertLess(len(clip("e" + "\u0301" * 100_000, 50)), 250)

    def test_long_names(self) -> None:
        """A long name ends in dots; one that fits does not."""
        self.assertEqual(shown_name("x" * 120), "x" * 120)
        self.assertEqual(shown_name("x" * 121), "x" * 117 + "...")
        self.assertEqual(shown_name("日" * 61), "日" * 58 + "...")


class NumberTests(SynchronousTestCase):
    """Numbers as people write them."""

    def test_sizes(self) -> None:
        """The unit grows with the size, and never 1024.0 of one is shown."""
        for size, text in {
            0: "0 B",
            1023: "1023 B",
            1024: "1.0 KiB",
            1_048_575: "1.0 MiB",
            1_288_490_189: "1.2 GiB",
            2**50: "1024.0 TiB",
        }.items():
            self.assertEqual(human_size(size), text)

    def test_times(self) -> None:
        """Short ones in seconds, long ones as on a clock."""
        for seconds, text in {
            0.044: "0.04 s",
            10.94: "10.9 s",
            245: "4:05",
            7207: "2:00:07",
        }.items():
            self.assertEqual(human_time(seconds), text)

    def test_counts(self) -> None:
        """One is not many."""
        self.assertEqual(
            [count(n, "peer") for n in (0, 1, 1234)], ["0 peers", "1 peer", "1,234 peers"]
        )

    def test_padding(self) -> None:
        """Wide characters count twice."""
        self.assertEqual(padded("日", 4), "日  ")
