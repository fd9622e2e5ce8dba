"""Draw a simulation as SVG: the network before, right at and after the fault."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final, Literal

from attrs import frozen

from p2p_twisted.cli.sim_layout import Places, layout
from p2p_twisted.cli.sim_report import described, heading, percent
from p2p_twisted.cli.sim_sample import MOST_DRAWN, drawn_of, within
from p2p_twisted.console.text import count
from p2p_twisted.simulation.graph import Graph
from p2p_twisted.simulation.simulation import Moment, SimulationOutcome, When
from p2p_twisted.wire.names import PeerName

_WIDTH: Final = 1_600
_HEIGHT: Final = 900
_PANEL: Final = 500
_MARGIN: Final = 30
_TOP: Final = 130
_RADIUS: Final = 228
_FONT: Final = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_APART: Final = 0.53

Kind = Literal["peer", "other", "new", "dead"]

# The colors of Okabe and Ito (2008), safe for the color-blind; shapes differ, too.
_STYLE: Final = f"""
text {{ font-family: {_FONT}; fill: #1b2733; }}
.title {{ font-size: 34px; font-weight: bold; }}
.heading {{ font-size: 26px; font-weight: bold; }}
.plain {{ font-size: 20px; fill: #3c4a57; }}
.small {{ font-size: 17px; fill: #5c6a77; }}
.lazy {{ stroke: #7f95a8; stroke-width: 1; stroke-opacity: 0.35; fill: none; }}
.tree {{ stroke: #33475a; stroke-width: 2.4; stroke-linecap: round; fill: none; }}
.sample .lazy {{ stroke-width: 1.6; stroke-opacity: 1; }}
.cut {{ stroke: #d55e00; stroke-width: 3; stroke-dasharray: 10 8; fill: none; }}
.peer {{ fill: #0072b2; stroke: #ffffff; }}
.other {{ fill: #e69f00; stroke: #ffffff; }}
.new {{ fill: #009e73; stroke: #ffffff; }}
.dead {{ fill: #ffffff; stroke: #a3adb6; stroke-width: 1.6; }}
"""


@frozen
class _Panel:
    """
    One network to draw: its peers, and their places.

    :ivar is_cut: whether its halves are drawn on both sides of the middle.
    """

    graph: Graph
    kinds: Mapping[PeerName, Kind]
    places: Places
    is_cut: bool = False


def picture(outcome: SimulationOutcome) -> str:
    """Draw the three moments of a simulation side by side, as SVG."""
    panels = _panels(outcome)
    kinds = {kind for panel in panels.values() for kind in panel.kinds.values()}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        # In a browser, it shrinks to fit the window.
        f'width="{_WIDTH}" height="{_HEIGHT}" style="max-width: 100%; height: auto">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_WIDTH / 2, 58, "title", _title(outcome)),
        _text(_WIDTH / 2, 94, "plain", described(outcome.scenario)),
    ]
    for number, (when, panel) in enumerate(panels.items()):
        middle = complex(_MARGIN + _PANEL / 2 + number * (_PANEL + 20), _TOP + _PANEL / 2)
        parts += _network(panel, middle)
        parts += _figures(outcome, when, middle.real)
    parts += [*_legend(kinds), _note(outcome), "</svg>"]
    return "\n".join(parts) + "\n"


# What is drawn


def _panels(outcome: SimulationOutcome) -> dict[When, _Panel]:
    before, fault, end = (outcome.graphs[when] for when in ("before", "fault", "end"))
    first, last = drawn_of(before), drawn_of(end)
    places = layout(first.sides, first.links, first.tree)
    hit = within(fault, first.sides)
    dead: dict[PeerName, Kind] = dict.fromkeys(first.sides, "dead")
    known = {name for graph in (before, fault) for name in graph.sides}
    half = [[name for name, side in hit.sides.items() if side == number] for number in (0, 1)]
    is_cut = outcome.scenario.partition > 0
    at_fault = {**places, **_beside(hit, *half)} if is_cut else places
    return {
        "before": _Panel(first, dict.fromkeys(first.sides, "peer"), places),
        "fault": _Panel(hit, dead | _sided(hit.sides, fault, known), at_fault, is_cut),
        "end": _Panel(
            last,
            _sided(last.sides, fault, known),
            layout(last.sides, last.links, last.tree),
        ),
    }


def _sided(names: Iterable[PeerName], fault: Graph, known: set[PeerName]) -> dict[PeerName, Kind]:
    """Return the kind of each peer: by the half in which it was, or as a newcomer."""
    return {
        name: "new" if name not in known else "other" if fault.sides.get(name) else "peer"
        for name in names
    }


def _beside(graph: Graph, left: Iterable[PeerName], right: Iterable[PeerName]) -> Places:
    """Place two parts of a network separately."""
    places: Places = {}
    for names, middle in ((left, -_APART), (right, _APART)):
        part = within(graph, names)
        own = layout(part.sides, part.links, part.tree)
        places.update({name: middle + place * (1 - _APART) for name, place in own.items()})
    return places


# How it is drawn


def _network(panel: _Panel, middle: complex) -> list[str]:
    points = {name: middle + _RADIUS * place for name, place in panel.places.items()}
    # Halves are drawn smaller.
    size = max(3.0, min(8.0, 90 / max(1, len(panel.kinds)) ** 0.5)) * (0.7 if panel.is_cut else 1)
    lazy = [link for link in panel.graph.links if link not in panel.graph.tree]
    parts = []
    if panel.is_cut:
        x, y = middle.real, middle.imag
        parts.append(f'<path class="cut" d="M{x:.0f},{y - _RADIUS}v{2 * _RADIUS}"/>')
    for css, links in (("lazy", lazy), ("tree", sorted(panel.graph.tree))):
        lines = (f"M{_pair(points[one])}L{_pair(points[other])}" for one, other in links)
        parts.append(f'<path class="{css}" d="{"".join(lines)}"/>')
    # Dead peers first, so that they do not cover living ones.
    for name, kind in sorted(panel.kinds.items(), key=lambda item: item[1] != "dead"):
        parts.append(_mark(points[name], size, kind))
    return parts


def _mark(point: complex, size: float, kind: Kind) -> str:
    x, y = point.real, point.imag
    if kind == "other":
        side = 1.8 * size
        corner = f'x="{x - side / 2:.1f}" y="{y - side / 2:.1f}"'
        return f'<rect class="other" {corner} width="{side:.1f}" height="{side:.1f}"/>'
    if kind == "new":
        high, wide = 1.25 * size, 1.2 * size
        return (
            f'<path class="new" d="M{x:.1f},{y - high:.1f}'
            f'l{wide:.1f},{2 * high:.1f}h{-2 * wide:.1f}z"/>'
        )
    radius = size if kind == "peer" else 0.85 * size
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'


def _figures(outcome: SimulationOutcome, when: When, x: float) -> list[str]:
    moment, top = outcome.moments[when], _TOP + _PANEL + 30
    titles = {"before": "Before", "fault": "Right at the fault", "end": "At the end"}
    title = titles[when] if heading(outcome.scenario, when) == when else "In the middle"
    shape = moment.shape
    counts = (
        f"{count(shape.peers, 'peer')} · {count(shape.links, 'link')} · "
        f"{count(shape.components, 'component')}"
    )
    return [
        _text(x, top, "heading", f"{title}, {moment.at:.0f} s"),
        _text(x, top + 32, "plain", counts),
        _text(x, top + 62, "plain", _reach(moment)),
    ]


def _reach(moment: Moment) -> str:
    """Write how far a broadcast came, up to its largest reach."""
    shares = moment.spread.reach if moment.spread else {}
    if not shares:
        return "no broadcast"
    most = max(shares.values())
    final = next(seconds for seconds, share in shares.items() if share == most)
    told = [*[seconds for seconds in shares if seconds < final][:1], final]
    return "a broadcast reaches " + ", ".join(
        f"{percent(shares[seconds])} in {seconds} s" for seconds in told
    )


def _legend(kinds: set[Kind]) -> list[str]:
    halves = "other" in kinds
    names: dict[Kind, str] = {
        "peer": "peer, first half" if halves else "peer",
        "other": "peer, second half",
        "new": "joined later",
        "dead": "died",
    }
    entries = [(kind, name) for kind, name in names.items() if kind in kinds]
    lines = [("tree", "link of the broadcast tree"), ("lazy", "other link")]
    lines += [("cut", "cut")] if halves else []
    widths = [68 + 9.2 * len(name) for _, name in [*entries, *lines]]
    x, y = (_WIDTH - sum(widths)) / 2, 806
    parts = []
    for (css, name), width in zip([*entries, *lines], widths, strict=True):
        if css in names:
            parts.append(_mark(complex(x + 12, y - 7), 8.0, css))
        else:
            parts.append(f'<path class="{css}" d="M{x - 6},{y - 7}h30"/>')
        parts.append(_text(x + 34, y, "plain", name, anchor="start"))
        x += width
    return ['<g class="sample">', *parts, "</g>"]


def _note(outcome: SimulationOutcome) -> str:
    note = "Simulated with the overlay code that peers of p2p_twisted run."
    total = max(len(graph.sides) for graph in outcome.graphs.values())
    if total > MOST_DRAWN:
        nearest = f"{MOST_DRAWN} of {total:,} peers, those nearest to p0 along the tree"
        note = f"Drawn are {nearest}; the figures are of all. {note}"
    return _text(_WIDTH / 2, 856, "small", note)


def _title(outcome: SimulationOutcome) -> str:
    """Write what happened, and what came of it."""
    scenario, parts = outcome.scenario, outcome.moments["end"].shape.components
    if scenario.kill and scenario.partition:
        what, end = "is struck, cut in halves", "heals"
    elif scenario.partition:
        what, end = "is cut in halves", "joins again"
    elif scenario.kill:
        what, end = f"loses {scenario.kill} % of its peers", "heals"
    else:
        return "A network of peers" if parts == 1 else f"A network in {parts} parts"
    return f"A network that {what}, and {end if parts == 1 else f'ends in {parts} parts'}"


def _pair(point: complex) -> str:
    return f"{point.real:.1f},{point.imag:.1f}"


def _text(x: float, y: float, css: str, content: str, anchor: str = "middle") -> str:
    return (
        f'<text class="{css}" x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">'
        f"{escape(content)}</text>"
    )
