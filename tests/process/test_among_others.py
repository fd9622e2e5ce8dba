"""A daemon among other programs: its pid file, its pipes, its place on the disk."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network


class AmongOthersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.network = Network(self)

    def shell(self, command: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a line of shell with peers s1 in it, as ``$PEER``."""
        peer = " ".join([script("twistd"), "-n", *self.network.command("s1")])
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.network.directory,
            env={**os.environ, "PEER": peer, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE,
            check=False,
        )

    @pytest.mark.slow
    def test_stale_pid_file(self) -> None:
        """The number of another program, or none, keeps no daemon from starting."""
        pid_file = self.network.directory / "p2ppeer-s1.pid"
        for content in (str(os.getpid()), ""):
            pid_file.write_text(content)
            started = self.network.start(*self.network.command("s1"), stdin=subprocess.DEVNULL)
            self.assertEqual(started.wait(), 0, started.log)
            pid = int(wait_until(pid_file.read_text, "a pid file"))
            self.addCleanup(_kill, pid)
            self.assertNotEqual(pid, os.getpid())
            again = self.network.start(*self.network.command("s1"), stdin=subprocess.DEVNULL)
            self.assertEqual(again.wait(), 9)
            self.assertIn(f"p2ppeer-s1 runs already, as process {pid}", again.log)
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not pid_file.exists(), "the end of the daemon")

    def test_pipes_wait_again(self) -> None:
        """What runs after a peer on the same pipes finds them as they were."""
        look = f"{sys.executable} -c 'import os; print([os.get_blocking(fd) for fd in (0, 1, 2)])'"
        for peer in ("$PEER", "$PEER --quiet"):
            output = self.shell(f"echo leave | ({peer}; {look})")
            self.assertEqual(output.stdout.splitlines()[-1], "[True, True, True]", peer)

    def test_log_and_answers(self) -> None:
        """On a pipe the log is on standard error, and with --quiet nowhere."""
        for option, has_log in (("", True), ("--quiet", False)):
            said = self.shell(f"echo leave | $PEER {option}")
            first, *_, last = said.stdout.splitlines()
            self.assertEqual((first[:10], last), ("this is s1", "left the network"))
            self.assertNotIn("starting up", said.stdout)
            self.assertEqual("starting up" in said.stderr, has_log)

    def test_cannot_start_in_the_background(self) -> None:
        """Whoever starts a daemon in the background is told the whole reason why it cannot run."""
        self.network.write("s1/.p2p", b"no folder")
        background = " ".join([script("twistd"), *self.network.command("s1")])
        refused = self.shell(background)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("s1/.p2p: something on the way is not a directory\n", refused.stderr)

    @pytest.mark.slow
    def test_exit_codes(self) -> None:
        """A script that ends with leave tells by its exit code how its lines ended."""
        self.network.start_registry()
        self.network.write("s2/f2", bytes(100_000))
        self.network.start_peer("s2").wait_ready()
        for lines, code in (
            ("TOPO", 0),
            ("get f2", 0),
            ("get nothere", 4),
            ("limit up fast", 2),
            ("get nothere\\nlimit up fast", 10),
        ):
            ended = self.shell(f"printf '{lines}\\nleave\\n' | $PEER --quiet")
            self.assertEqual(ended.returncode, code, (lines, ended.stdout))
            ended = self.shell(f"printf '{lines}\\n' | $PEER --quiet --leave-at-end")
            self.assertEqual(ended.returncode, code, (lines, ended.stdout))
        taken = self.shell("printf 'TOPO\\nleave\\n' | $PEER --quiet --name s2 --directory .")
        self.assertEqual(taken.returncode, 9, taken.stderr)

    @pytest.mark.slow
    def test_no_network(self) -> None:
        """Without a registry, what asks the others fails in time."""
        ended = self.shell("printf 'TOPO\\nleave\\n' | $PEER --quiet")
        self.assertEqual(ended.returncode, 3, ended.stdout)

    def test_too_few_files(self) -> None:
        """A process that may open next to nothing says so."""
        refused = self.shell("ulimit -n 24; $PEER")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("ulimit -n 1024", refused.stderr)
        self.assertNotIn("Traceback", refused.stderr)

    def test_home(self) -> None:
        """A tilde that the shell leaves alone is somebody's home."""
        home = Path(self.network.directory) / "home"
        (home / "share").mkdir(parents=True)
        self.shell("echo leave | $PEER --directory=~/share", HOME=str(home))
        self.assertEqual([path.name for path in (home / "share").iterdir()], [".p2p"])


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
