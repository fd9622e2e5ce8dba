"""A simulation as it is recorded."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from p2p_twisted.api.event_views import PeersView, WarningView
from p2p_twisted.cli.main import main
from p2p_twisted.recording.recorded_run import RecordedRun, read_run
from p2p_twisted.runtime.exit_status import Exit

SCENARIO = ("sim", "--peers", "24", "--duration", "90", "--seed", "7", "--kill", "25%")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Run a simulation; return its recording and its trace."""
    folder = tmp_path_factory.mktemp("sim")
    events, trace = folder / "events", folder / "trace"
    more = ("--churn", "30/min", "--events", str(events), "--trace", str(trace))
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main((*SCENARIO, *more)) == 0
    return events, trace


def links_at(trace: Path, at: float) -> dict[str, set[str]]:
    """Read in the trace who was linked with whom."""
    links: dict[str, set[str]] = {}
    for line in trace.read_text().splitlines():
        told: dict[str, Any] = json.loads(line)
        if told["at"] > at:
            break
        peer = told.get("peer")
        if told["event"] == "peer_up":
            links[str(peer)] = set()
        elif told["event"] == "peer_down":
            del links[str(peer)]
        elif told["event"] == "link_up" and peer in links:
            links[peer].add(told["neighbor"])
        elif told["event"] == "link_down" and peer in links:
            links[peer].discard(told["neighbor"])
    return links


def recorded_events(run: RecordedRun) -> list[Any]:
    """Read all events."""
    return [*run.piece(0).events]


def test_as_it_was(files: tuple[Path, Path]) -> None:
    """Who was linked with whom, whenever something was told, is what the trace says."""
    events, trace = files
    run = read_run(events)
    told = [each for each in recorded_events(run) if isinstance(each, PeersView)]
    assert len(told) > 30
    for each in told[::7]:
        state, _offset = run.seek(each.at)
        # What happened at that very moment may be told only next.
        wanted = links_at(trace, each.at - 1e-9)
        assert {name: set(links) for name, links in state.links.items()} == wanted
        assert each.peers == len(wanted)
    state, _offset = run.seek(run.ends)
    assert {name: set(of) for name, of in state.links.items()} == links_at(trace, 1e9)


def test_says_what_it_is(files: tuple[Path, Path]) -> None:
    """It is a simulation's, begins at 0, and says when harm is done."""
    run = read_run(files[0])
    assert (run.header.of, run.header.name) == ("simulation", "24 peers, seed 7")
    assert (run.begins, run.damaged) == (0.0, 0)
    assert 80 < run.ends <= 90
    [harm] = [each for each in recorded_events(run) if isinstance(each, WarningView)]
    assert harm.text == "25 % of the peers crash"


def test_bad_path(tmp_path: Path) -> None:
    """Where it cannot be written, that is said before the run."""
    with contextlib.redirect_stderr(io.StringIO()) as said:
        assert main((*SCENARIO, "--events", str(tmp_path / "missing" / "events"))) == Exit.DISK
    assert "there is no such file or directory" in said.getvalue()
