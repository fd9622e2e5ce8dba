"""``p2p sim``: simulate a network, and report and draw the results."""

import contextlib
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from attrs import frozen

from p2p_twisted.cli.sim_picture import picture
from p2p_twisted.cli.sim_progress import ProgressLine
from p2p_twisted.cli.sim_recording import SimRecording
from p2p_twisted.cli.sim_report import as_json, as_table
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.simulation.scenario import Scenario
from p2p_twisted.simulation.simulation import Simulation, SimulationOutcome

_INTERRUPTED = 130


@frozen
class SimFiles:
    """
    Where to write what comes of a run, if anywhere.

    :ivar svg: a picture of it.
    :ivar trace: all that happens.
    :ivar events: a recording, for ``p2p replay``.
    """

    svg: Path | None = None
    trace: Path | None = None
    events: Path | None = None


def sim(scenario: Scenario, wants_json: bool, files: SimFiles) -> int:
    """
    Run a scenario; its table is printed to stdout, or to stderr if JSON is wanted.

    :returns: the exit status.
    """
    try:
        try:
            outcome = _run_to_files(scenario, files)
        except OSError as error:
            print(f"p2p sim: {in_words(error)}", file=sys.stderr)
            return Exit.DISK
        if wants_json:
            print(as_json(outcome), flush=True)
        print(as_table(outcome), file=sys.stderr if wants_json else sys.stdout, flush=True)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


def _run_to_files(scenario: Scenario, files: SimFiles) -> SimulationOutcome:
    with contextlib.ExitStack() as opened:
        # All are opened now, so that a bad path is reported before the run.
        picture_file = opened.enter_context(_opened(files.svg)) if files.svg else None
        takers: list[Callable[[str], object]] = []
        if files.trace:
            takers.append(opened.enter_context(_opened(files.trace)).write)
        if files.events:
            recording = SimRecording(scenario, opened.enter_context(files.events.open("wb")).write)
            takers.append(recording.add)

        def write(line: str) -> None:
            for take in takers:
                take(line)

        outcome = _run(scenario, write if takers else None)
        if files.events:
            recording.end(float(scenario.duration))
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
