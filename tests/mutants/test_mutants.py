"""The tests notice mistakes: each mutant is caught."""

import shutil
import subprocess
import sys
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


def copied(folder: Path) -> Path:
    """Copy what the tests need; run there, they import the copy."""
    for name in ("p2p_twisted", "tests"):
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    shutil.copy(ROOT / "setup.cfg", folder)
    return folder


@pytest.mark.parametrize("mutant", MUTANTS, ids=_ids)
def test_occurs_once(mutant: Mutant) -> None:
    """What a mutant replaces is there, once: it has not been edited away."""
    source = (ROOT / "p2p_twisted" / mutant.file).read_text("utf-8")
    assert source.count(mutant.old) == 1


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=_ids)
def test_caught(mutant: Mutant, tmp_path: Path) -> None:
    """A mutant makes the tests of its part fail."""
    sources = copied(tmp_path / "sources")
    file = sources / "p2p_twisted" / mutant.file
    file.write_text(file.read_text("utf-8").replace(mutant.old, mutant.new), "utf-8")
    try:
        ended = run_tests(sources, mutant.tests, within=90.0)
    except subprocess.TimeoutExpired:
        # Without it they end: what goes round for ever has been noticed, too.
        return
    assert ended.returncode == 1, ended.stdout[-2_000:]


@pytest.mark.slow
@pytest.mark.parametrize("tests", sorted({mutant.tests for mutant in MUTANTS}))
def test_unmutated(tests: str, tmp_path: Path) -> None:
    """Without a mutant they pass."""
    ended = run_tests(copied(tmp_path / "sources"), tests, within=600.0)
    assert ended.returncode == 0, ended.stdout[-2_000:]
