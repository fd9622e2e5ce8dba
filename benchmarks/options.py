"""What all tables are told on their command line, and how each begins."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

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
