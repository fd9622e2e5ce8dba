"""Run ways side by side, under the same conditions."""

import shutil
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.figures import Sample, interleaved
from benchmarks.machine import warm
from benchmarks.ways import Way


def side_by_side(ways: Sequence[Way], rounds: int, size: int) -> dict[str, list[Sample]]:
    """
    Prepare ways, and run them in turn.

    :param size: how much memory each run fills with files, in bytes.
    """
    for way in ways:
        way.prepare()
    return interleaved({way.name: partial(measured, way, size) for way in ways}, rounds, tell)


def ready(way: Way, size: int) -> Path:
    """Have memory at hand for a run, and choose where its file is to land."""
    warm(way.lab.directory, size)
    return way.lab.directory / "target"


def measured(way: Way, size: int) -> Sample:
    """Get the file once, and see that all of it has come."""
    target = ready(way, size)
    sample = way.fetch(target)
    if _size(target) != _size(way.source):
        raise ValueError(f"{way.name}: not all has come")
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink()
    return sample


def tell(name: str, sample: Sample) -> None:
    """Show that something happens."""
    print(f"  {sample.seconds:7.2f} s  {name}", file=sys.stderr, flush=True)


def _size(path: Path) -> tuple[int, int]:
    """Return how many bytes in how many files there are."""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files), len(files)
