"""
Draw tables of docs/benchmarks.md as bars, beside the page: ``python -m benchmarks.bars``.

What is drawn is what the page says, so that a picture never shows another run than its table.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from attrs import frozen

from benchmarks import ROOT
from benchmarks.contenders.contender import OURS

DOCS: Final = ROOT / "docs"

_WIDTH: Final = 680
_LABELS: Final = 284
_MARGIN: Final = 16
_ROW: Final = 24
_BAR: Final = 14
_TITLE: Final = 40
_HEADING: Final = 30
# What stands behind the longest bar.
_FIGURE: Final = 64

_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
font-family="system-ui, sans-serif">
<title>{title}</title>
<style>
  .paper {{ fill: #ffffff }} .title {{ fill: #14213d; font-size: 15px; font-weight: 600 }}
  .label, .figure {{ fill: #44506a; font-size: 13px }} .label {{ text-anchor: end }}
  .our {{ fill: #14213d; font-weight: 600 }}
  .bar {{ fill: #b3bfd1 }} .ours {{ fill: #2f62b5 }}
  @media (prefers-color-scheme: dark) {{
    .paper {{ fill: #15181e }} .title, .our {{ fill: #f0f4fa }}
    .label, .figure {{ fill: #b6c1d3 }} .our {{ fill: #f0f4fa }}
    .bar {{ fill: #55627a }} .ours {{ fill: #7ba4ea }}
  }}
</style>
<rect class="paper" width="{width}" height="{height}" rx="8"/>
<text class="title" x="{margin}" y="26">{title}</text>"""


class NoTable(LookupError):
    """The page does not have what is to be drawn of it; the text says what is missing."""


@frozen
class Table:
    """
    A table of the page.

    :ivar under: how a line above it begins, which no other line does.
    :ivar heading: what to write above its bars, where there are others.
    """

    under: str
    heading: str = ""


@frozen
class Picture:
    """
    A picture of one column.

    :ivar file: its name.
    :ivar ours: how the rows of what is ours begin.
    """

    file: str
    title: str
    column: str
    tables: Sequence[Table]
    ours: tuple[str, ...] = (OURS,)


@frozen
class Bar:
    """
    One row.

    :ivar figure: as the table has it.
    """

    label: str
    figure: str

    @property
    def value(self) -> float:
        """The figure, to draw it."""
        return float(self.figure.replace(",", ""))


PICTURES: Final = (
    Picture(
        "bars-push.svg",
        "512 MiB from one process to another: seconds, less is better",
        "median s",
        [Table("512 MiB; other")],
    ),
    Picture(
        "bars-swarm.svg",
        "256 MiB from one to eight, nothing limited: seconds, less is better",
        "median s",
        [Table("256 MiB to each of the eight")],
    ),
    Picture(
        "bars-folder.svg",
        "A folder of a thousand small files: files a second, more is better",
        "files a second",
        [Table("A downloader that is new in each round")],
    ),
    Picture(
        "bars-registry.svg",
        "Requests for a second of the registry's processor time: more is better",
        "per second of processor",
        [Table("Peers join and renew")],
        ("SQLite", "memory"),
    ),
    Picture(
        "bars-wan.svg",
        "One file from far away: Mbit/s, more is better",
        "Mbit/s",
        [
            Table(f"{way} lost", f"{way} lost")
            for way in (
                "20 ms there and back, 900 Mbit/s, 0 %",
                "20 ms there and back, 900 Mbit/s, 0.5 %",
                "100 ms there and back, 200 Mbit/s, 0 %",
                "100 ms there and back, 200 Mbit/s, 0.5 %",
            )
        ],
        ("1 holder", "4 holders"),
    ),
)


def bars(page: str, table: Table, column: str) -> Iterator[Bar]:
    """
    Read the bars of a table.

    :raises NoTable: when it is not there, or has no such column.
    """
    lines = iter(page.splitlines())
    if not any(line.startswith(table.under) for line in lines):
        raise NoTable(f"no line begins with {table.under!r}")
    head = _cells(next((line for line in lines if line.startswith("|")), ""))
    if column not in head:
        raise NoTable(f"the table under {table.under!r} has no column {column!r}")
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        label, *figures = _cells(line)
        yield Bar(label, figures[head.index(column) - 1])


def draw(picture: Picture, page: str) -> str:
    """Draw a picture of what a page says, as SVG."""
    groups = [(table, list(bars(page, table, picture.column))) for table in picture.tables]
    longest = max(bar.value for _table, some in groups for bar in some)
    parts, y = [], _TITLE
    for table, some in groups:
        if table.heading:
            parts.append(
                f'<text class="figure" x="{_MARGIN}" y="{y + 18}">{escape(table.heading)}</text>'
            )
            y += _HEADING
        for bar in some:
            is_ours = bar.label.startswith(picture.ours)
            parts.extend(_row(bar, y, bar.value / longest, is_ours))
            y += _ROW
    shape = {"width": _WIDTH, "height": y + _MARGIN, "margin": _MARGIN}
    return "\n".join([_HEAD.format(title=escape(picture.title), **shape), *parts, "</svg>\n"])


def _row(bar: Bar, y: int, share: float, is_ours: bool) -> Iterator[str]:
    our, ours = (" our", " ours") if is_ours else ("", "")
    width = max(1.0, share * (_WIDTH - _LABELS - _FIGURE - _MARGIN))
    text = y + 16
    yield f'<text class="label{our}" x="{_LABELS - 8}" y="{text}">{escape(bar.label)}</text>'
    shape = f'x="{_LABELS}" y="{y + 5}" width="{width:.1f}" height="{_BAR}" rx="2"'
    yield f'<rect class="bar{ours}" {shape}/>'
    x = _LABELS + width + 6
    yield f'<text class="figure{our}" x="{x:.1f}" y="{text}">{escape(bar.figure)}</text>'


def _cells(row: str) -> Sequence[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def main() -> None:
    """Draw all pictures."""
    page = (DOCS / "benchmarks.md").read_text("utf-8")
    for picture in PICTURES:
        (DOCS / picture.file).write_text(draw(picture, page), "utf-8")


if __name__ == "__main__":
    main()
