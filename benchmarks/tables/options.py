"""Parse the command line of tables, and begin and end their measurements."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.hashing import describe_hashing
from benchmarks.lab.hosts import why_no_namespaces
from benchmarks.lab.machine import describe, file_system
from p2p_twisted.cli.signals import Interrupted, Signals

MEMORY: Final = Path("/dev/shm")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Make the parser of a table's command line."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--rounds", type=int, default=5, help="how often each is run (%(default)s)")
    made.add_argument(
        "--directory", type=Path, default=MEMORY, help="where to work (%(default)s, in memory)"
    )
    made.add_argument(
        "--rivals",
        type=Path,
        metavar="BIN",
        help="a directory of commands, beside PATH: .../bin of a virtual environment, for example",
    )
    return made


def sizes(text: str) -> Sequence[int]:
    """Read sizes in MiB, with commas."""
    return [int(size) << 20 for size in text.split(",")]


def run(table: Callable[[argparse.Namespace, Signals], None], options: argparse.Namespace) -> None:
    """Print the machine, and measure; a signal ends the run and all its processes."""
    print(f"{describe()}; files on {file_system(options.directory)}")
    print(f"It has {describe_hashing()}", flush=True)
    try:
        with Signals() as signals:
            table(options, signals)
    except Interrupted as interrupted:
        sys.exit(128 + interrupted.number)


def run_in_namespaces(
    table: Callable[[argparse.Namespace, Signals], None], options: argparse.Namespace
) -> None:
    """Do the same where there can be network namespaces, and say so where not."""
    if reason := why_no_namespaces():
        print(f"not measured: {reason}")
    else:
        run(table, options)
