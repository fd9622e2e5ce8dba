"""Names that others can take: shorter, and without characters that show nothing."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.name_forms import earlier_spelling, shortened
from p2p_twisted.wire.names import BadName, check_component, collision_key

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
MARKS = ["", " (1)", " (9999)"]


class ShortenedTests(SynchronousTestCase):
    """Names with something behind the stem that still fit."""

    def test_fits(self) -> None:
        """What fits is not cut."""
        self.assertEqual(shortened("a.tar.gz", mark=" (1)"), "a.tar (1).gz")
        self.assertEqual(shortened("a" * 251, mark=" (1)"), "a" * 251 + " (1)")
        self.assertEqual(shortened("a", mark=" (1)"), "a (1)")

    def test_cut(self) -> None:
        """The stem is cut, and what is behind the dot stays."""
        self.assertEqual(shortened("a" * 251 + ".txt", mark=" (1)"), "a" * 247 + " (1).txt")
        self.assertEqual(shortened("a" * 255, mark=" (10)"), "a" * 250 + " (10)")
        self.assertEqual(shortened("\u65e5" * 83 + ".txt", mark=" (1)"), "\u65e5" * 82 + " (1).txt")

    def test_no_file_type(self) -> None:
        """What is behind a dot is no file type when it is that long."""
        self.assertEqual(shortened("a." + "b" * 253, mark=" (1)"), "a." + "b" * 249 + " (1)")

    def test_whole_characters(self) -> None:
        """What people see as one character is kept as a whole, or not at all."""
        for character in (
            FAMILY,
            "g\u0308",
            "\u2764\ufe0f",
            "\U0001f44d\U0001f3fd",
            "\u0928\u0940",
        ):
            size = len(character.encode())
            for most in range(size, 2 * size):
                self.assertEqual(shortened(character * 9, most), character)
        flags = "\U0001f1e8\U0001f1ff\U0001f1e9\U0001f1ea"
        for most in range(8, 16):
            self.assertEqual(shortened(flags * 2, most), flags[:2])

    def test_edges(self) -> None:
        """It does not end in what a name may not end in."""
        for gap in (" ", ". ", "\u00a0", "\u202f "):
            self.assertEqual(shortened(f"a{gap}" + "b" * 255, 2, ""), "a")

    @given(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=300),
        st.sampled_from(MARKS),
        st.integers(60, 255),
    )
    def test_any_name(self, name: str, mark: str, most: int) -> None:
        """Of each name that others take, they take the shorter one."""
        name = unicodedata.normalize("NFC", name)
        try:
            check_component(name)
        except BadName:
            return
        short = shortened(name, most, mark)
        self.assertLessEqual(len(short.encode()), most)
        check_component(short)


class EarlierTests(SynchronousTestCase):
    """Names as earlier versions take them."""

    def test_examples(self) -> None:
        """Spaces become plain, joiners are left out, long names are cut."""
        for path, earlier in (
            ("a/f1.txt", "a/f1.txt"),
            ("caf\u00e9.txt", "caf\u00e9.txt"),
            ("at 1.23\u202fPM.png", "at 1.23 PM.png"),
            ("na\u00a0Praze", "na Praze"),
            ("a\u200cb/c\u200dd", "ab/cd"),
            ("a\u3000b/c\u00add", "a b/cd"),
            ("\u845b\U000e0100.txt", "\u845b.txt"),
            ("e\u200d\u0301", "\u00e9"),
            ("a" * 251 + ".txt/b", "a" * 196 + ".txt/b"),
        ):
            self.assertEqual(earlier_spelling(path), earlier)

    def test_hits(self) -> None:
        """A hit has both, and who knows that uses its own."""
        hit = Hit("s1", "at 1.23\u202fPM.png", 1)
        sent = hit.for_any_version()
        self.assertEqual((sent.name, sent.spelling), ("at 1.23 PM.png", hit.name))
        self.assertEqual(sent.as_meant(), hit)
        plain = Hit("s1", "f1.txt", 1)
        self.assertEqual(plain.for_any_version(), plain)

    def test_lies(self) -> None:
        """A spelling of another name counts for nothing."""
        hit = Hit("s1", "f1.txt", 1, spelling="f2.txt")
        self.assertEqual(hit.as_meant(), hit)


class CollisionTests(SynchronousTestCase):
    """Names that could be taken for each other."""

    def test_look_alike(self) -> None:
        """They differ in characters that show nothing, or look like a space."""
        for one, other in (
            ("a b", "a\u00a0b"),
            ("a\u202fb", "a\u00a0B"),
            ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u062e"),
            (FAMILY, "\U0001f468\U0001f469\U0001f467"),
            ("\u2764\ufe0f.txt", "\u2764.txt"),
            ("e\u200d\u0301", "\u00c9"),
            ("a\u200c\u200db", "ab"),
            ("a\u3000b", "a\u2009b"),
            ("\u260e\ufe0e", "\u260e\ufe0f"),
            ("a\u200e1", "A1"),
        ):
            self.assertEqual(collision_key(one), collision_key(other))
        self.assertNotEqual(collision_key("a b"), collision_key("ab"))
