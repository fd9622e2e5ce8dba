"""The tests notice mistakes: each mutant is caught."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.mutants.forking import ForkingPytest, Ran
from tests.mutants.mutant import Mutant
from tests.mutants.mutants import MUTANTS

ROOT = Path(__file__).parents[2]
_ids = [f"{mutant.file}: {mutant.harm}" for mutant in MUTANTS]


class Copy:
    """
    A copy of what the tests need: run there, they import it. It is compiled once for all.

    :ivar noticed: tests that have noticed a mutant.
    """

    def __init__(self, folder: Path) -> None:
        for name in ("p2p_twisted", "tests"):
            leave = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=leave)
        shutil.copy(ROOT / "setup.cfg", folder)
        self.package = folder / "p2p_twisted"
        self.pytest = ForkingPytest(folder)
        self.noticed: set[str] = set()

    def run(self, *tests: str, within: float = 90.0) -> Ran:
        """Run tests until one fails, at most for so many seconds."""
        # Drills with a thousand peers only tell later what the other tests tell as well.
        options = ["-q", "-x", "-p", "no:cacheprovider", "-k", "not Thousand and not Partition"]
        # Tests that are named are run, however slow they are.
        options += ["-m", ""] if all("::" in test for test in tests) else []
        return self.pytest.run([*options, "-p", "p2p_twisted.testing.plugin", *tests], within)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Give a copy; see in the end that the tests that have noticed mutants pass without them."""
    copy = Copy(tmp_path_factory.mktemp("sources"))
    yield copy
    ran = copy.run(*sorted(copy.noticed), within=600.0)
    copy.pytest.close()
    assert ran.code == 0, ran.said[-2_000:]


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
def test_caught(mutant: Mutant, copy: Copy) -> None:
    """A mutant makes the tests of its part fail."""
    with mutated(copy.package / mutant.file, mutant):
        ran = copy.run(*(f"tests/{place}" for place in mutant.tests.split()))
    # Without it they end: what goes round for ever has been noticed, too.
    assert ran.code in (1, None), ran.said[-2_000:]
    copy.noticed.update(ran.failed)
