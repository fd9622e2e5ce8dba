"""Lines and tables, fitted to a width."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.layout import fitted_table, table, wrapped
from p2p_twisted.console.text import cells

TEXT = st.text(st.sampled_from("ab é日e\u0301🎉 "), max_size=80)


class WrappedTests(SynchronousTestCase):
    """Lines that are too wide."""

    def test_words(self) -> None:
        """A line is broken between words, and goes on below with an indent."""
        for line, lines in [
            ("", [""]),
            ("one two three", ["one two three"]),
            ("saved a to b (1 B, from s4)", ["saved a to b", "    (1 B, from", "    s4)"]),
            ("one two three 4", ["one two three", "    4"]),
            ("one  two  three four", ["one  two", "    three four"]),
            ("日本 日本 日本語", ["日本 日本", "    日本語"]),
            # An accent of its own takes no cell, and stays with its letter.
            ("e\u0301" * 14 + " x", ["e\u0301" * 14, "    x"]),
        ]:
            self.assertEqual(wrapped(line, 14), lines)
            self.assertEqual(wrapped(line, None), [line])

    def test_long_word(self) -> None:
        """Only a word that is longer than a line is broken, and it begins on one of its own."""
        self.assertEqual(
            wrapped("to " + "x" * 20, 10),
            ["to", "    xxxxxx", "    xxxxxx", "    xxxxxx", "    xx"],
        )

    def test_units(self) -> None:
        """A number stays with its unit, if there is room for that."""
        self.assertEqual(
            wrapped("saved it (28.6 MiB, 12 s)", 16), ["saved it", "    (28.6 MiB,", "    12 s)"]
        )
        self.assertEqual(wrapped("x 1234567 MiB", 12), ["x", "    1234567", "    MiB"])

    def test_path(self) -> None:
        """A path that is longer than a line is broken behind a slash, if it has any."""
        self.assertEqual(
            wrapped("to /home/anna/papers/x", 14), ["to", "    /home/", "    anna/", "    papers/x"]
        )
        self.assertEqual(wrapped("/" + "x" * 9 + "/y", 10), ["/xxxxxxxxx", "    /y"])

    @given(TEXT, st.integers(2, 40), st.integers(0, 8))
    def test_any_text(self, text: str, width: int, indent: int) -> None:
        """Every line fits, and nothing but spaces is lost."""
        lines = wrapped(text, width, indent)
        self.assertTrue(all(cells(line) <= width for line in lines), lines)
        self.assertEqual("".join(lines).replace(" ", ""), text.replace(" ", ""))


class TableTests(SynchronousTestCase):
    """Rows with a text at the end."""

    rows = (("find TEXT", "search all peers for names with TEXT in them"), ("help", "explain"))

    def test_wide(self) -> None:
        """With room enough, each row is a line."""
        for width in (None, 80):
            self.assertEqual(
                list(table(self.rows, width)),
                ["find TEXT  search all peers for names with TEXT in them", "help       explain"],
            )

    def test_long_word(self) -> None:
        """Where a word would be broken in its column, and not in a line, it stands below."""
        saved = "saved to /home/anna/papers/week-1/lab-12"
        rows = (("1", "report.pdf", saved), ("2", "x", "seeking"))
        self.assertEqual(
            list(table(rows, 44)), ["1  report.pdf", f"    {saved}", "2  x           seeking"]
        )

    def test_hanging(self) -> None:
        """A long text goes on below itself."""
        self.assertEqual(
            list(table(self.rows, 40)),
            [
                "find TEXT  search all peers for names",
                "           with TEXT in them",
                "help       explain",
            ],
        )

    def test_below(self) -> None:
        """Where a column of text would be very narrow, it stands below the others."""
        self.assertEqual(
            list(table(self.rows, 24)),
            [
                "find TEXT",
                "    search all peers for",
                "    names with TEXT in",
                "    them",
                "help",
                "    explain",
            ],
        )


class FittedTableTests(SynchronousTestCase):
    """Rows with a name that may be very long."""

    def shown(self, name: str, width: int | None) -> list[str]:
        """Show a table with that name in it."""
        rows = [
            ("1", name, "2.0 KiB", "9f2c41d07ae1c8b2", "s4 s6"),
            ("2", "b", "1 B", "0" * 16, "s4"),
        ]
        return list(fitted_table(rows, width, right=(0, 2), long=1, optional=(3, 4)))

    def test_wide(self) -> None:
        """With room enough, all is there."""
        for width in (None, 200):
            self.assertEqual(
                self.shown("a" * 88, width)[1],
                "2  b" + " " * 89 + "    1 B  0000000000000000  s4",
            )

    def test_ids_go_first(self) -> None:
        """Where it is narrow, the ids go first, then the holders; then names lose their middle."""
        name = "Lecture 08 - Distributed hash tables.mp4"
        for width, line in [
            (79, f"1  {name}  2.0 KiB  9f2c41d07ae1c8b2  s4 s6"),
            (70, f"1  {name}  2.0 KiB  s4 s6"),
            (
                40,
                "1  Lecture 08 ...les.mp4  2.0 KiB  s4 s6",
            ),
            (30, "1  Lecture 0...es.mp4  2.0 KiB"),
        ]:
            shown = self.shown(name, width)
            self.assertEqual(shown[0], line)

    @given(TEXT, st.integers(20, 120))
    def test_any_name(self, name: str, width: int) -> None:
        """Each row is one line that fits."""
        shown = self.shown(name, width)
        self.assertEqual(len(shown), 2)
        self.assertTrue(all(cells(line) <= width for line in shown), shown)

    def test_empty(self) -> None:
        """No rows are no lines."""
        self.assertEqual(list(fitted_table([], 80, (), 1, ())), [])
