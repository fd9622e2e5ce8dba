"""The fixtures of the plugin, in the tests of somebody else's project."""

import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import scratch_folder

_EXAMPLE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
_TEST = _EXAMPLE.split("```python\n")[1].split("```")[0]
_FAILING = """
def test_fails(p2p_network):
    p2p_network(peers=2)
    assert False
"""
_CRITICAL = """
from twisted.internet.defer import fail
from twisted.logger import Logger

def test_critical(p2p_critical):
    Logger().critical("the cellar is flooded")

def test_unhandled(p2p_critical):
    fail(ZeroDivisionError())

def test_expected(p2p_critical):
    Logger().critical("as one expects")
    assert p2p_critical.pop()["log_format"] == "as one expects"

def test_warned(p2p_critical):
    Logger().warn("no harm done")
"""
_NOT_IMPORTED = """
import sys

def test_nothing():
    heavy = [n for n in sys.modules if n.startswith(("twisted.internet", "p2p_twisted.peer"))]
    assert not heavy
"""


class PluginTests(SynchronousTestCase):
    def pytest(self, content: str, *options: str) -> "subprocess.CompletedProcess[str]":
        scratch = scratch_folder(self)
        (scratch / "test_outside.py").write_text(content)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        return subprocess.run(
            command, cwd=scratch, capture_output=True, text=True, check=False, timeout=120
        )

    def test_documented(self) -> None:
        """The example of the documentation runs, and warns of nothing."""
        ended = self.pytest(_TEST, "-W", "error")
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertIn("1 passed", ended.stdout)

    def test_failing(self) -> None:
        """A test that fails shows how to run it again with the same seed."""
        ended = self.pytest(_FAILING, "--p2p-seed", "9")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("pytest 'test_outside.py::test_fails' --p2p-seed 9", ended.stdout)

    def test_critical(self) -> None:
        """With p2p_critical, a test fails in which something critical is logged."""
        ended = self.pytest(_CRITICAL)
        self.assertIn("4 passed, 2 errors", ended.stdout)
        self.assertIn("the cellar is flooded", ended.stdout)
        self.assertIn("ZeroDivisionError", ended.stdout)

    def test_light(self) -> None:
        """Without a test that asks for it, nothing heavy is imported."""
        ended = self.pytest(_NOT_IMPORTED)
        self.assertEqual(ended.returncode, 0, ended.stdout)
