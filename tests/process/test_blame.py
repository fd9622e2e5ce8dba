"""Which test fails when the log has something critical to say late."""

import shutil
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import scratch_folder

_CONFTEST = Path(__file__).parents[1] / "conftest.py"
_TESTS = """
import pytest
from twisted.internet.defer import fail
from twisted.trial.unittest import SynchronousTestCase

def circle():
    made = [fail(ZeroDivisionError())]
    made.append(made)
    return made

@pytest.fixture
def given():
    return circle()

class SomeTests(SynchronousTestCase):
    def test_leaves(self):
        self.left = circle()

    def test_next(self):
        pass

def test_leaves_what_it_is_given(given):
    pass

def test_next():
    pass
"""


class BlameTests(SynchronousTestCase):
    def test_who_has_left_it(self) -> None:
        """It is the one that has left what nobody handled, not one that comes later."""
        scratch = scratch_folder(self)
        shutil.copy(_CONFTEST, scratch)
        (scratch / "test_some.py").write_text(_TESTS)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        ended = subprocess.run(
            command, cwd=scratch, capture_output=True, text=True, check=False, timeout=120
        )
        blamed = [line.split()[1] for line in ended.stdout.splitlines() if line[:6] == "ERROR "]
        self.assertEqual(
            blamed,
            ["test_some.py::SomeTests::test_leaves", "test_some.py::test_leaves_what_it_is_given"],
            ended.stdout,
        )
