"""The tests notice mistakes: each mutant is caught."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.mutants.mutant import Mutant
from tests.mutants.mutants import MUTANTS

ROOT = Path(__file__).parents[2]
_ids = [f"{mutant.file}: {mutant.harm}" for mutant in MUTANTS]


def run_tests(sources: Path, tests: str, within: float) -> "subprocess.CompletedProcess[str]":
    # Drills with a thousand peers only tell later what the other tests tell as well.
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    return subprocess.run(
        [
            *command,
            *("-k", "not Thousand and not Partition"),
            *(f"tests/{place}" for place in tests.split()),
        ],
        cwd=sources,
        capture_output=True,
        text=True,
        check=False,
        timeout=within,
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the tests need; run there, they import the copy. It is compiled once for all."""
    folder = tmp_path_factory.mktemp("sources")
    for name in ("p2p_twisted", "tests"):
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    shutil.copy(ROOT / "setup.cfg", folder)
    return folder


@contextmanager
def mutated(file: Path, mutant: Mutant) -> Iterator[None]:
    """Make one line wrong, and right again."""
    right = file.read_text("utf-8")

    def write(text: str) -> None:
        file.write_text(text, "utf-8")
        # Python may take what it had compiled for that of a file of the same size and second.
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
            compiled.unlink()

    write(right.replace(mutant.old, mutant.new))
    try:
        yield
    finally:
        write(right)


@pytest.mark.parametrize("mutant", MUTANTS, ids=_ids)
def test_occurs_once(mutant: Mutant) -> None:
    """What a mutant replaces is there, once: it has not been edited away."""
    source = (ROOT / "p2p_twisted" / mutant.file).read_text("utf-8")
    assert source.count(mutant.old) == 1


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=_ids)
def test_caught(mutant: Mutant, sources: Path) -> None:
    """A mutant makes the tests of its part fail."""
    with mutated(sources / "p2p_twisted" / mutant.file, mutant):
        try:
            ended = run_tests(sources, mutant.tests, within=90.0)
        except subprocess.TimeoutExpired:
            # Without it they end: what goes round for ever has been noticed, too.
            return
    assert ended.returncode == 1, ended.stdout[-2_000:]


_places = {place for mutant in MUTANTS for place in mutant.tests.split()}


@pytest.mark.slow
@pytest.mark.parametrize("room", sorted({place.partition("/")[0] for place in _places}))
def test_unmutated(room: str, sources: Path) -> None:
    """Without a mutant they pass."""
    tests = sorted(place for place in _places if place.partition("/")[0] == room)
    ended = run_tests(sources, " ".join(tests), within=600.0)
    assert ended.returncode == 0, ended.stdout[-2_000:]
