"""The pictures of the benchmarks' page."""

from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.bars import DOCS, PICTURES, Bar, NoTable, Picture, Table, bars, draw

_PAGE = """\
Something else:

| | other s |
| --- | ---: |
| a | 9 |

64 MiB; quiet:

|  | time / ours | median s |
| --- | ---: | ---: |
| p2p_twisted | 1.00 | 0.50 |
| <rival> | 2.00 | 1,000 |

| not | this |
"""
_TABLE = Table("64 MiB")
_SVG = "{http://www.w3.org/2000/svg}"


class BarsTests(SynchronousTestCase):
    def test_column(self) -> None:
        """Each row of the table under that line is a bar."""
        found = list(bars(_PAGE, _TABLE, "median s"))
        self.assertEqual(found, [Bar("p2p_twisted", "0.50"), Bar("<rival>", "1,000")])
        self.assertEqual([bar.value for bar in found], [0.5, 1000.0])

    def test_missing(self) -> None:
        """What is not there is named."""
        for table, column in ((Table("1 GiB"), "median s"), (_TABLE, "mean s")):
            with self.assertRaises(NoTable) as caught:
                list(bars(_PAGE, table, column))
            self.assertIn(table.under, str(caught.exception))

    def test_lengths(self) -> None:
        """A bar is as long as its figure is large, and ours has a color of its own."""
        drawn = ElementTree.fromstring(draw(Picture("", "t", "time / ours", [_TABLE]), _PAGE))
        ours, rival = drawn.findall(f"{_SVG}rect[@height='14']")
        self.assertAlmostEqual(2 * float(ours.get("width", 0)), float(rival.get("width", 0)), 0)
        self.assertEqual([ours.get("class"), rival.get("class")], ["bar ours", "bar"])

    def test_groups(self) -> None:
        """Bars of several tables stand below each other under their headings, at one scale."""
        tables = [Table("64 MiB", "quick & small"), Table("Something", "other")]
        page = _PAGE.replace("other s", "median s")
        drawn = draw(Picture("", "t", "median s", tables), page)
        self.assertIn(">quick &amp; small<", drawn)
        rects = ElementTree.fromstring(drawn).findall(f"{_SVG}rect[@height='14']")
        places = [int(rect.get("y", 0)) for rect in rects]
        self.assertEqual(places, sorted(set(places)))
        self.assertLess(float(rects[2].get("width", 0)), float(rects[1].get("width", 0)) / 50)


class PageTests(SynchronousTestCase):
    def test_up_to_date(self) -> None:
        """The pictures in docs/ are of the tables on the page, which shows them all."""
        page = (DOCS / "benchmarks.md").read_text("utf-8")
        for picture in PICTURES:
            committed = (DOCS / picture.file).read_text("utf-8")
            self.assertEqual(committed, draw(picture, page), "run python -m benchmarks.bars")
            self.assertIn(f"]({picture.file})", page)
