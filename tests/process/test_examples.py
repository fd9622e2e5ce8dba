"""The examples of the README and of docs/ are what one can type."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.commands import run
from tests.process.daemons import script, wait_until
from tests.process.networks import Network

ROOT = Path(__file__).parents[2]
ELSEWHERE = (
    *("sim", "up", "--registry 192.168.", "registry", "p2p peer ", "backup.tar", "leave"),
    *("--save", "replay", "push"),
)
"""What takes long or for ever, other machines, or ends what others need; each has its own tests."""


def examples(page: str) -> list[str]:
    """List the lines of a page that call p2p."""
    text = (ROOT / page).read_text("utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    return [line[2:] for block in blocks for line in block.splitlines() if line[:6] == "$ p2p "]


@pytest.mark.slow
class ExamplesTests(SynchronousTestCase):
    """In a network of three peers."""

    def test_all(self) -> None:
        """Each ends well."""
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        folder = os.path.dirname(script("p2p"))
        here = {
            "XDG_RUNTIME_DIR": scratch.name,
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "P2P_PEER": "s3",
        }
        self.patch(os, "environ", {**os.environ, **here})
        network = Network(self)
        network.start_registry()
        for name in ("f1.txt", "f2.txt", "report.pdf"):
            network.write(f"s2/{name}", name.encode())
        network.start_peers("s1", "s2", "s3")

        def typed(line: str) -> "subprocess.CompletedProcess[str]":
            return run(["sh", "-c", line], scratch.name)

        wait_until(lambda: typed("p2p get report.pdf").returncode == 0, "the files")
        lines = [line for page in ("README.md", "docs/cli.md") for line in examples(page)]
        tried = [line for line in lines if not any(each in line for each in ELSEWHERE)]
        self.assertGreater(len(tried), 12)
        for line in tried:
            ran = typed(line)
            self.assertEqual(ran.returncode, 0, (line, ran.stdout, ran.stderr))
