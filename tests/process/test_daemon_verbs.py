"""``p2p registry`` and ``p2p peer`` start the daemons as twistd does."""

import json
import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.sqlite import SqliteStore
from p2p_twisted.runtime.threads import inline
from tests.process.commands import run
from tests.process.daemons import PATIENCE, Daemon, free_ports, script, wait_until


@pytest.mark.slow
class DaemonVerbsTests(SynchronousTestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        self.directory = Path(scratch.name)
        first, *_, last = free_ports(5)
        self.port = first
        self.directory.joinpath("config.toml").write_text(
            f"[registry]\nlisten = 'tcp:{first}:interface=127.0.0.1'\n"
            f"ports = '{first + 1}-{last}'\n[peer]\nregistry = '127.0.0.1:{first}'\n"
        )
        config = str(self.directory / "config.toml")
        here = {**os.environ, "XDG_RUNTIME_DIR": scratch.name, "P2P_CONFIG": config}
        self.patch(os, "environ", here)

    def p2p(self, *words: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return run([script("p2p"), *words], cwd or self.directory)

    def test_start(self) -> None:
        """The registry in the foreground, a peer in the background, both by the configuration."""
        with Daemon("registry", cwd=self.directory, command="p2p") as registry:
            registry.wait_ready()
            started = self.p2p("peer", "--name", "s1", "--background")
            self.assertEqual((started.returncode, started.stdout), (0, ""))
            # It is ready by now.
            self.assertIn('"registered": true', self.p2p("status", "--json").stdout)
            ready = self.p2p("ready")
            self.assertEqual(
                (ready.returncode, ready.stdout),
                (0, "s1 is ready\nthe registry of default is ready\n"),
            )
            again = self.p2p("peer", "--name", "s1", "--background")
            self.assertEqual(again.returncode, 9)
            self.assertIn("p2ppeer-s1 runs already, as process", again.stderr)
            self.assertIn("such as by p2p leave --peer s1, or", again.stderr)
            (self.directory / "other").mkdir()
            taken = self.p2p("peer", "--name", "s1", "--background", cwd=self.directory / "other")
            self.assertEqual(taken.returncode, 9)
            self.assertIn("the registry refuses us: the name s1 is taken", taken.stderr)
            self.assertNotIn("b'", taken.stderr)
            pid = int((self.directory / "p2ppeer-s1.pid").read_text())
            os.kill(pid, signal.SIGUSR1)
            wait_until((self.directory / "p2ppeer-s1.log.1").exists, "another log file")
            self.assertEqual(self.p2p("leave").stdout, "left the network\n")
            wait_until(lambda: not (self.directory / "p2ppeer-s1.pid").exists(), "its end")
            self.assertEqual(registry.stop(), -signal.SIGTERM)

    def test_of_registry(self) -> None:
        """What happens to a registry is told as it comes, and its log, too."""
        said = self.directory / "events"
        with Daemon("registry", cwd=self.directory, command="p2p") as registry:
            registry.wait_ready()
            wait_until(lambda: self.p2p("ready").returncode == 0, "its socket")
            with said.open("w") as output:
                command = [script("p2p"), "events", "--of-registry", "default", "--after", "0"]
                watching = subprocess.Popen(command, stdout=output, env=os.environ)
            self.addCleanup(watching.kill)
            wait_until(lambda: "missed" in said.read_text(), "the first line")
            self.assertEqual(self.p2p("peer", "--name", "s1", "--background").returncode, 0)
            place = f" registered s1 at 127.0.0.1:{self.port + 1}"
            wait_until(lambda: f"{place}\n" in said.read_text(), "who has come")
            self.assertIn(f"{place}, and does not listen yet\n", said.read_text())
            self.p2p("leave")
            wait_until(lambda: " forgotten s1: it left\n" in said.read_text(), "who has gone")
            self.assertIn("s1 is forgotten: it left", self.p2p("log", "--of-registry").stdout)
            both = self.p2p("log", "--of-registry", "--peer", "s1")
            self.assertEqual(both.returncode, 2)
            watching.send_signal(signal.SIGINT)
            self.assertEqual(watching.wait(), 130)

    def test_ignore_file(self) -> None:
        """What is named while the peer runs is let go, and taken in again."""
        directory = self.directory / "s1"
        (directory / "sub").mkdir(parents=True)
        for name in ("a.log", "sub/b.log", "c.txt"):
            (directory / name).write_text(name)

        def shared() -> tuple[int, int]:
            status = json.loads(self.p2p("status", "--json").stdout)
            return status["files"], status["ignored"]

        with Daemon("registry", cwd=self.directory, command="p2p") as registry:
            registry.wait_ready()
            self.assertEqual(self.p2p("peer", "--name", "s1", "--background").returncode, 0)
            wait_until(lambda: shared() == (3, 0), "all files")
            (directory / ".p2pignore").write_text("*.log\n")
            wait_until(lambda: shared() == (1, 2), "one file")
            self.assertIn("2 left out by .p2pignore", self.p2p("status").stdout)
            refused = self.p2p("share", str(directory / "a.log"), "--as", "d.log")
            self.assertIn(".p2pignore names it", refused.stderr)
            (directory / ".p2pignore").unlink()
            wait_until(lambda: shared() == (3, 0), "all files again")
            self.p2p("leave")
            wait_until(lambda: not (self.directory / "p2ppeer-s1.pid").exists(), "its end")

    def test_named_shares(self) -> None:
        """Directories with names are shared and fetched; they may go away, and come back."""
        lab = self.directory / "data" / "lab"
        lab.mkdir(parents=True)
        (lab / "f1").write_text("f1")
        with (self.directory / "config.toml").open("a") as config:
            config.write(f"[peer.share]\nlab = '{lab}'\n")
        self.assertIn(f"lab={lab}", self.p2p("config").stdout)

        def files() -> int:
            return int(json.loads(self.p2p("status", "--json", "--peer", "s1").stdout)["files"])

        with Daemon("registry", cwd=self.directory, command="p2p") as registry:
            registry.wait_ready()
            self.assertEqual(self.p2p("peer", "--name", "s1", "--background").returncode, 0)
            wait_until(lambda: files() == 1, "its file")
            got = self.directory / "got"
            got.mkdir()
            registry_at = ("--registry", f"127.0.0.1:{self.port}")
            fetched = self.p2p("get", "lab/f1", *registry_at, cwd=got)
            self.assertEqual((fetched.returncode, fetched.stderr), (0, ""))
            (lab / "f2").write_text("f2")
            wait_until(lambda: files() == 2, "the new file")
            lab.rename(lab.with_name("away"))
            (lab.with_name("away") / "f3").write_text("f3")
            wait_until(lambda: files() == 0, "that it is gone")
            lab.with_name("away").rename(lab)
            wait_until(lambda: files() == 3, "that it is back")
            self.p2p("leave", "--peer", "s1")
            wait_until(lambda: not (self.directory / "p2ppeer-s1.pid").exists(), "its end")

    def test_port_taken(self) -> None:
        """What keeps a daemon in the background from starting is one sentence."""
        with Daemon("registry", cwd=self.directory, command="p2p") as registry:
            registry.wait_ready()
            started = self.p2p("registry", "--background", "--store", "memory:")
            self.assertEqual(started.returncode, 9)
            self.assertEqual(started.stderr.count("cannot listen on"), 1)
            self.assertNotIn("An error has occurred", started.stderr)

    def test_copy_interrupted(self) -> None:
        """Copying what a registry has ends by a signal, without a trace of Python."""
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        silent.settimeout(PATIENCE)
        store = SqliteStore(self.directory / "p2pmeta.db", inline)
        store.open()
        store.close()
        stores = ("--from=sqlite:p2pmeta.db", f"--to=etcd://127.0.0.1:{silent.getsockname()[1]}")
        command = [script("p2p"), "registry", "copy", *stores]
        for number in (signal.SIGINT, signal.SIGTERM):
            copying = subprocess.Popen(command, cwd=self.directory, stderr=subprocess.PIPE)
            self.addCleanup(copying.kill)
            with silent.accept()[0]:
                copying.send_signal(number)
                told = copying.communicate(timeout=PATIENCE)[1].decode()
            self.assertEqual(told, "not all is copied: the same command copies the rest\n")
            self.assertEqual(copying.returncode, 128 + number)

    def test_refused(self) -> None:
        """What is wrong is said in the words of the command that was typed."""
        started = self.p2p("peer", "--name", "s1", "--max-up", "much")
        self.assertEqual(started.returncode, 2)
        self.assertIn("see p2p peer --help", started.stderr)
        self.assertNotIn(" is set by ", started.stderr)
        self.assertEqual(self.p2p("peer", "--max_up", "1M").returncode, 2)
        self.assertIn("say who this is: --name s1", self.p2p("peer").stderr)
        os.environ["P2P_MAX_UP"] = "much"
        started = self.p2p("peer", "--name", "s1")
        self.assertEqual(started.returncode, 2)
        self.assertTrue(started.stderr.endswith("\n--max-up is set by P2P_MAX_UP\n"))
