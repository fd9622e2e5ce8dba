"""``p2p sim``: simulate a network, and report and draw the results."""

import contextlib
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from p2p_twisted.cli.sim_picture import picture
from p2p_twisted.cli.sim_progress import ProgressLine
from p2p_twisted.cli.sim_report import as_json, as_table
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.simulation.scenario import Scenario
from p2p_twisted.simulation.simulation import Simulation, SimulationOutcome

_INTERRUPTED = 130


def sim(scenario: Scenario, wants_json: bool, svg: Path | None, trace: Path | None) -> int:
    """
    Run a scenario; its table is printed to stdout, or to stderr if JSON is wanted.

    :param svg: where to write a picture of it, if anywhere.
    :param trace: where to write all events, if anywhere.
    :returns: the exit status.
    """
    try:
        try:
            outcome = _run_to_files(scenario, svg, trace)
        except OSError as error:
            print(f"p2p sim: {in_words(error)}", file=sys.stderr)
            return 1
        if wants_json:
            print(as_json(outcome), flush=True)
        print(as_table(outcome), file=sys.stderr if wants_json else sys.stdout, flush=True)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _run_to_files(scenario: Scenario, svg: Path | None, trace: Path | None) -> SimulationOutcome:
    with contextlib.ExitStack() as files:
        # Both are opened now, so that a bad path is reported before the run.
        picture_file = files.enter_context(_opened(svg)) if svg else None
        trace_file = files.enter_context(_opened(trace)) if trace else None
        outcome = _run(scenario, trace_file.write if trace_file else None)
        if picture_file:
            picture_file.write(picture(outcome))
    return outcome


def _run(scenario: Scenario, write: Callable[[str], object] | None) -> SimulationOutcome:
    simulation = Simulation(scenario, write)
    # All objects made here live to the end; collecting garbage took a quarter of the time.
    gc.disable()
    try:
        with ProgressLine(scenario, sys.stderr) as line:
            for progress in simulation.run():
                line.show(progress)
    finally:
        gc.enable()
    return simulation.outcome


def _opened(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8")
