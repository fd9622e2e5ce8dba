"""What a container asks of a daemon; bare_root.py carries out the whole Dockerfile."""

import os
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, Daemon, free_port, scratch_folder, script

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
class ContainerTests(SynchronousTestCase):
    """The Dockerfile, and process 1."""

    @unittest.skipUnless(Path(script("hadolint")).exists(), "install p2p_twisted[package]")
    def test_linted(self) -> None:
        """It is as hadolint wants it."""
        done = subprocess.run(
            [script("hadolint"), str(ROOT / "Dockerfile")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    @unittest.skipIf(os.getuid() or not shutil.which("unshare"), "takes root and unshare")
    def test_process_1(self) -> None:
        """It ends when asked to, though the kernel spares process 1 what it does not handle."""
        namespace = ("--pid", "--fork", "--mount-proc")
        listen = f"--listen=tcp:{free_port()}:interface=127.0.0.1"
        registry = Daemon(
            *(*namespace, script("p2p"), "registry", listen),
            cwd=scratch_folder(self),
            command=str(shutil.which("unshare")),
        )
        with registry:
            registry.wait_ready()
            [first] = Path(f"/proc/{registry.pid}/task/{registry.pid}/children").read_text().split()
            os.kill(int(first), signal.SIGTERM)
            self.assertEqual(registry.process.wait(PATIENCE), 0)
            self.assertIn("Server Shut Down", registry.log)
