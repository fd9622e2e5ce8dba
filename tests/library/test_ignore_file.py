"""What the patterns of a file name that names what is not shared."""

import time

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.ignore_file import TooManyPatterns, read_rules
from p2p_twisted.library.limits import IGNORE_FILE_PATTERNS


def ignored(content: str, path: str, is_folder: bool = False) -> bool | None:
    """Ask some rules for one path."""
    return read_rules(content.encode()).verdict(path, is_folder)


class SyntaxTests(SynchronousTestCase):
    """Answers that git gives, too."""

    def test_anywhere(self) -> None:
        """A pattern without a slash names entries at any depth."""
        self.assertTrue(ignored("*.log", "a.log"))
        self.assertTrue(ignored("*.log", "b/c/a.log"))
        self.assertIsNone(ignored("*.log", "a.logs"))
        self.assertIsNone(ignored("*.log", "A.LOG"))

    def test_anchored(self) -> None:
        """One with a slash in it begins where the file lies."""
        self.assertTrue(ignored("/a", "a"))
        self.assertIsNone(ignored("/a", "b/a"))
        self.assertTrue(ignored("b/a*", "b/ab"))
        self.assertIsNone(ignored("b/a*", "c/b/ab"))

    def test_folders(self) -> None:
        """One with a slash at its end names folders only; what lies in them, only that."""
        self.assertTrue(ignored("build/", "x/build", is_folder=True))
        self.assertIsNone(ignored("build/", "x/build"))
        self.assertIsNone(ignored("build/**", "build", is_folder=True))
        self.assertTrue(ignored("build/**", "build/a"))

    def test_after_all(self) -> None:
        """The last line that names it decides, and may say that it is shared after all."""
        self.assertIs(ignored("*.log\n!keep.log", "keep.log"), False)
        self.assertTrue(ignored("!keep.log\n*.log", "keep.log"))

    def test_any_folders(self) -> None:
        """Two stars stand for any folders, or none."""
        for path in ("a/b", "a/x/b", "a/x/y/b"):
            self.assertTrue(ignored("a/**/b", path))
        self.assertIsNone(ignored("a/*/b", "a/x/y/b"))

    def test_spelling(self) -> None:
        """Comments, empty lines, line ends of Windows, and any normal form of Unicode."""
        self.assertIsNone(ignored("# a\n\n  \n", "# a"))
        self.assertTrue(ignored("\ufeffa\r\nb\r\n", "a"))
        self.assertTrue(ignored("u\u0308", "\u00fc"))

    def test_bad_lines(self) -> None:
        """Lines that cannot be read are told, and the others hold."""
        long = "x" * 2_000
        rules = read_rules(
            f"a\n[\n[[:alpha:]]\n!\nb\n{long}\n**/a/**/b/**/c/**/d\na//b\n[ab]c[ab]".encode()
        )
        self.assertEqual(rules.bad_lines, (2, 3, 4, 6, 7, 8))
        self.assertTrue(rules.verdict("b", False))

    def test_too_many(self) -> None:
        """So many patterns are not tried with every name."""
        lines = b"a*\n" * IGNORE_FILE_PATTERNS
        self.assertTrue(read_rules(lines).verdict("ab", False))
        self.assertRaises(TooManyPatterns, read_rules, lines + b"b")


class TimeTests(SynchronousTestCase):
    """No pattern takes long."""

    def test_worst(self) -> None:
        """Many stars, and many folders, on the longest names that almost match."""
        deep = "/".join(["a" * 30] * 32)
        for pattern, path in (
            ("*a*a*a*a*a*b", "a" * 255),
            ("*a" * 120 + "*b", "a" * 255),
            ("*?" * 120 + "*b", "a" * 255),
            ("*[ab]*a*[ab]*b", "a" * 255),
            ("*a/" * 31 + "*a*b", deep),
            ("**/*a*/**/*a*/**/*a*b", deep),
        ):
            rules = read_rules(pattern.encode())
            self.assertEqual(rules.bad_lines, (), pattern)
            began = time.thread_time()
            self.assertIsNone(rules.verdict(path, False))
            # It takes hundreds of years, where each way to match is tried.
            self.assertLess(time.thread_time() - began, 0.5, pattern)

    @given(
        st.text("ab*?", min_size=1, max_size=8).filter(lambda text: "**" not in text),
        st.text("ab", min_size=1, max_size=12),
    )
    def test_same(self, pattern: str, name: str) -> None:
        """It matches what it would if each way were tried."""
        self.assertEqual(bool(ignored(pattern, name)), _matches(pattern, name))


def _matches(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(_matches(pattern[1:], name[at:]) for at in range(len(name) + 1))
    return bool(name) and pattern[0] in ("?", name[0]) and _matches(pattern[1:], name[1:])
