"""What docs/operations.md tells to type is what one can type."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import scratch_folder, script
from tests.process.networks import Network

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.mark.slow
class OperationsTests(SynchronousTestCase):
    """The examples that need neither systemd nor Docker."""

    def setUp(self) -> None:
        path = f"{Path(script('p2p')).parent}:{os.environ['PATH']}"
        here = {"PATH": path, "XDG_RUNTIME_DIR": str(scratch_folder(self))}
        self.patch(os, "environ", {**os.environ, **here})
        self.network = Network(self)
        self.network.start_registry()

    def type(self, beginning: str) -> None:
        """Type the one example that begins so, where the peers run."""
        examples = re.findall(r"^\$ (.*)$", PAGE.read_text("utf-8"), re.MULTILINE)
        [line] = [each for each in examples if each.startswith(beginning)]
        subprocess.run(
            ["sh", "-c", line],
            cwd=self.network.directory,
            env=os.environ,
            check=True,
        )

    def test_backup(self) -> None:
        """What is saved of a peer that runs is there again once it has been put back."""
        self.network.write("anna/f1.txt", b"Hello")
        [anna] = self.network.start_peers("anna")
        self.type("until p2p ready")
        self.type("tar --create")
        anna.stop()
        shutil.rmtree(self.network.directory / "anna")
        self.type("tar --extract")
        self.assertFalse((self.network.directory / "anna" / ".p2p").exists())
        _anna, ben = self.network.start_peers("anna", "ben")
        ben.wait_for_topology("anna", "ben")
        ben.type("get f1.txt")
        ben.wait_for_log("saved f1.txt to")
