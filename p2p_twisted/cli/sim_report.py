"""Report the results of a simulation, as a table for people and as JSON for programs."""

import json
from collections.abc import Callable
from math import floor
from typing import Final

import attrs

from p2p_twisted import __version__
from p2p_twisted.simulation.probes import MARKS, Reply, Spread
from p2p_twisted.simulation.scenario import Scenario
from p2p_twisted.simulation.simulation import Moment, SimulationOutcome

# 80 columns together, with room for the largest network's figures.
_LABEL: Final = 29
_COLUMN: Final = 17
_NOTHING: Final = "-"

_Cell = Callable[[Moment], str]


def as_table(outcome: SimulationOutcome) -> str:
    """Write a table with a column for each moment, the trace's hash, and how to run it again."""
    moments = list(outcome.moments.values())
    headings = [heading(outcome.scenario, when) for when in outcome.moments]
    lines = [described(outcome.scenario), "", _row("", headings)]
    lines += [_row(label, [cell(moment) for moment in moments]) for label, cell in _rows()]
    lines += [
        "",
        "Broadcasts and questions are sent some seconds before each moment, and at the very",
        "instant of the fault. Pings, greetings and the registry's lines are not counted.",
        "",
        f"version {__version__}",
        f"trace   {outcome.trace}",
        f"replay  {replay(outcome.scenario)}",
    ]
    return "\n".join(lines)


def as_json(outcome: SimulationOutcome) -> str:
    """Write one JSON object; its keys must not change, as programs read them."""
    content = {
        "version": __version__,
        "scenario": outcome.scenario._asdict(),
        "moments": {when: attrs.asdict(moment) for when, moment in outcome.moments.items()},
        "lines": outcome.lines,
        "trace": outcome.trace,
        "replay": replay(outcome.scenario),
    }
    return json.dumps(content, indent=2)


def replay(scenario: Scenario) -> str:
    """Write the command that runs a scenario again."""
    words = [f"p2p sim --peers {scenario.peers}"]
    if scenario.kill:
        words.append(f"--kill {scenario.kill}%")
    if scenario.is_silent:
        words.append("--silent")
    if scenario.partition:
        words.append(f"--partition {scenario.partition}")
    if scenario.churn:
        words.append(f"--churn {scenario.churn}/min")
    if scenario.nat:
        words.append(f"--nat {scenario.nat}%")
    return " ".join([*words, f"--duration {scenario.duration} --seed {scenario.seed}"])


def described(scenario: Scenario) -> str:
    """Describe a scenario in a few words."""
    words = [f"{scenario.peers:,} peers"]
    if scenario.nat:
        words.append(f"{scenario.nat} % behind NAT")
    if scenario.kill:
        words.append(f"{scenario.kill} % {'vanish' if scenario.is_silent else 'crash'} at once")
    if scenario.partition:
        words.append(f"cut in halves for {scenario.partition} s")
    if scenario.churn:
        words.append(f"{scenario.churn} join and leave each minute")
    return ", ".join([*words, f"{scenario.duration} s in all", f"seed {scenario.seed}"])


def heading(scenario: Scenario, when: str) -> str:
    """Return the heading of a moment."""
    return "middle" if when == "fault" and not scenario.has_fault else when


def percent(share: float) -> str:
    """Write a share in percent, rounded down, so that only a complete one is 100 %."""
    tenths = floor(share * 1_000 + 1e-6) / 10
    return f"{tenths:.0f} %" if tenths in (0, 100) else f"{tenths:.1f} %"


def reached(spread: Spread | None, seconds: int) -> str:
    """Write which share of peers a broadcast had reached after so many seconds."""
    if spread is None or seconds not in spread.reach:
        return _NOTHING
    return percent(spread.reach[seconds])


def _rows() -> list[tuple[str, _Cell]]:
    return [
        ("at", lambda m: f"{m.at:.0f} s"),
        ("peers", lambda m: f"{m.shape.peers:,}"),
        ("links", lambda m: f"{m.shape.links:,}"),
        ("components", lambda m: f"{m.shape.components:,}"),
        ("  peers in the largest", lambda m: f"{m.shape.largest:,}"),
        ("links per peer", lambda m: f"{m.shape.degree_mean:.2f}"),
        ("  fewest to most", lambda m: f"{m.shape.degree_least} to {m.shape.degree_most}"),
        ("  with 5 or more", lambda m: percent(m.shape.share_of_five)),
        ("mean path, in hops", lambda m: _number(m.shape.path)),
        *(_reach_row(seconds) for seconds in MARKS),
        ("  redundant copies per peer", lambda m: _of_spread(m, "redundancy", ".3f")),
        ("  last hop", lambda m: _of_spread(m, "last_hop", "d")),
        ("a question is answered by", lambda m: _answered(m.reply)),
        ("  named silent", lambda m: _of_reply(m, "silent", ",d")),
        ("  after seconds", lambda m: _of_reply(m, "seconds", ".2f")),
        ("  lines per peer", lambda m: _of_reply(m, "lines_per_peer", ".2f")),
        ("lines per peer and second", lambda m: f"{m.messages:.2f}"),
        ("bytes per peer and second", lambda m: f"{m.bytes:.0f}"),
    ]


def _reach_row(seconds: int) -> tuple[str, _Cell]:
    label = "a broadcast reaches in" if seconds == MARKS[0] else ""
    return f"{label:22} {seconds:3} s", lambda moment: reached(moment.spread, seconds)


def _row(label: str, cells: list[str]) -> str:
    return f"{label:{_LABEL}}" + "".join(f"{cell:>{_COLUMN}}" for cell in cells)


def _of_spread(moment: Moment, name: str, form: str) -> str:
    return _NOTHING if moment.spread is None else format(getattr(moment.spread, name), form)


def _of_reply(moment: Moment, name: str, form: str) -> str:
    return _NOTHING if moment.reply is None else format(getattr(moment.reply, name), form)


def _answered(reply: Reply | None) -> str:
    return _NOTHING if reply is None else f"{reply.answered:,} of {reply.alive:,}"


def _number(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.2f}"
