"""``p2p sim``: simulate a network, and say and draw how it fared."""

import contextlib
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from p2p_twisted.cli.sim_picture import picture
from p2p_twisted.cli.sim_progress import ProgressLine
from p2p_twisted.cli.sim_report import as_json, as_table
from p2p_twisted.simulation.scenario import Scenario
from p2p_twisted.simulation.simulation import Simulation, SimulationOutcome

_INTERRUPTED = 130


def sim(scenario: Scenario, wants_json: bool, svg: Path | None, trace: Path | None) -> int:
    """
    Run a scenario; its table goes to stdout, or to stderr where JSON is wanted.

    :param svg: where to write a picture of it.
    :param trace: where to write all that happens.
    :returns: the exit status.
    """
    try:
        with contextlib.ExitStack() as files:
            # Both at once: nobody wants to hear of a bad path after the run.
            picture_file = files.enter_context(_opened(svg)) if svg else None
            trace_file = files.enter_context(_opened(trace)) if trace else None
            outcome = _run(scenario, trace_file.write if trace_file else None)
            if picture_file:
                picture_file.write(picture(outcome))
        if wants_json:
            print(as_json(outcome), flush=True)
        print(as_table(outcome), file=sys.stderr if wants_json else sys.stdout, flush=True)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output is gone; at exit Python would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"p2p sim: {error}", file=sys.stderr)
        return 1
    return 0


def _run(scenario: Scenario, write: Callable[[str], object] | None) -> SimulationOutcome:
    simulation = Simulation(scenario, write)
    # All that is made here lives to the end; looking for garbage took a quarter of the time.
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
