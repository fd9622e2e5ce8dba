"""``p2p registry`` and ``p2p peer`` start the daemons as twistd does."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, Daemon, free_ports, script, wait_until


@pytest.mark.slow
class DaemonVerbsTests(SynchronousTestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        self.directory = Path(scratch.name)
        first, *_, last = free_ports(5)
        self.directory.joinpath("config.toml").write_text(
            f"[registry]\nlisten = 'tcp:{first}:interface=127.0.0.1'\n"
            f"ports = '{first + 1}-{last}'\n[peer]\nregistry = '127.0.0.1:{first}'\n"
        )
        config = str(self.directory / "config.toml")
        here = {**os.environ, "XDG_RUNTIME_DIR": scratch.name, "P2P_CONFIG": config}
        self.patch(os, "environ", here)

    def p2p(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [script("p2p"), *words],
            cwd=self.directory,
            env=os.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def test_start(self) -> None:
        """The registry in the foreground, a peer in the background, both by the configuration."""
        with Daemon("registry", cwd=self.directory, command="p2p") as registry:
            registry.wait_ready()
            started = self.p2p("peer", "--name", "s1", "--background")
            self.assertEqual((started.returncode, started.stdout, started.stderr), (0, "", ""))

            def is_registered() -> bool:
                return '"registered": true' in self.p2p("status", "--json").stdout

            wait_until(is_registered, "s1")
            self.assertTrue((self.directory / "p2ppeer-s1.pid").exists())
            self.assertEqual(self.p2p("leave").stdout, "left the network\n")
            wait_until(lambda: not (self.directory / "p2ppeer-s1.pid").exists(), "its end")
            self.assertEqual(registry.stop(), -signal.SIGTERM)

    def test_refused(self) -> None:
        """What is wrong is said in the words of the command that was typed."""
        started = self.p2p("peer", "--name", "s1", "--max-up", "much")
        self.assertEqual(started.returncode, 2)
        self.assertIn("see p2p peer --help", started.stderr)
        self.assertEqual(self.p2p("peer", "--max_up", "1M").returncode, 2)
        self.assertIn("say who this is: --name s1", self.p2p("peer").stderr)
