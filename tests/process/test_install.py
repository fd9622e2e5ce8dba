"""The package, installed as a stranger would."""

import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import Daemon, free_port, scratch_folder

ROOT = Path(__file__).parents[2]
_NOT_SOURCES = shutil.ignore_patterns(".git", ".venv", "build", "dist", "*.egg-info", ".*_cache")


@pytest.mark.slow
class InstallTests(SynchronousTestCase):
    """In a virtual environment of its own."""

    def test_install_and_uninstall(self) -> None:
        """Installed, twistd has its commands anywhere; uninstalled, Twisted is whole."""
        scratch = scratch_folder(self)
        sources, elsewhere = scratch / "sources", scratch / "elsewhere"
        self.binaries = scratch / "venv" / "bin"
        # Building leaves files in the sources.
        shutil.copytree(ROOT, sources, ignore=_NOT_SOURCES)
        elsewhere.mkdir()
        self.run_command(sys.executable, "-m", "venv", str(self.binaries.parent))
        self.run_installed("pip", "install", "-qq", str(sources))
        self.assertIn("p2p_twisted", self.run_installed("p2p", "--version"))
        listen = f"--listen=tcp:{free_port()}:interface=127.0.0.1"
        twistd = str(self.binaries / "twistd")
        with Daemon("-n", "p2pmeta", listen, cwd=elsewhere, command=twistd) as registry:
            registry.wait_ready()
            self.assertEqual(registry.stop(), -signal.SIGTERM)
        self.run_installed("pip", "uninstall", "-qq", "--yes", "p2p_twisted")
        self.run_installed("pip", "check")
        self.run_installed("python", "-c", "import twisted.internet.reactor, twisted.web.server")
        self.assertNotIn("p2p", self.run_installed("twistd", "--help"))

    def run_installed(self, command: str, *arguments: str) -> str:
        """Run a command of the environment; gives what it printed."""
        return self.run_command(str(self.binaries / command), *arguments)

    def run_command(self, *command: str) -> str:
        """Run a command that must succeed; gives what it printed."""
        ended = subprocess.run(
            command,
            cwd=tempfile.gettempdir(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.assertEqual(ended.returncode, 0, ended.stdout)
        return ended.stdout
