"""Run contenders side by side, under the same conditions."""

import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.contenders.contender import Contender
from benchmarks.lab.machine import warm
from benchmarks.lab.sample import Sample
from benchmarks.tables.figures import PATIENCE_SECONDS, interleaved


def side_by_side(
    contenders: Sequence[Contender], rounds: int, size: int, patience: float = PATIENCE_SECONDS
) -> dict[str, list[Sample]]:
    """
    Prepare contenders, and run them in turn.

    :param size: how much memory each run fills with files, in bytes.
    :param patience: see :func:`interleaved`.
    """
    for contender in contenders:
        contender.prepare()
    return interleaved(
        {contender.name: partial(measured, contender, size) for contender in contenders},
        rounds,
        tell,
        patience,
    )


def ready(contender: Contender, size: int) -> Path:
    """Make memory available for a run, and return the path for its file."""
    warm(contender.lab.directory, size)
    return contender.lab.directory / "target"


def measured(contender: Contender, size: int) -> Sample:
    """Get the file once, and check that all of it has arrived."""
    target = ready(contender, size)
    sample = contender.fetch(target)
    if _size(target) != _size(contender.source):
        raise ValueError(f"{contender.name}: not all has come")
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()
    return sample


def tell(name: str, sample: Sample) -> None:
    """Print a dot for each run."""
    print(f"  {sample.seconds:7.2f} s  {name}", file=sys.stderr, flush=True)


def _size(path: Path) -> tuple[int, int]:
    """Return the number of bytes and files."""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files), len(files)
