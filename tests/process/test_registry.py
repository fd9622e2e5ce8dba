"""Real registries: ``twistd p2pmeta`` with sockets, signals and files."""

import contextlib
import json
import os
import signal
import socket
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.messages import Bye, Error, Hello, Join, Leave, Message, Renew, Welcome
from tests.process.daemons import PATIENCE, Daemon, free_port, full_pipe, scratch_folder, wait_until


def talk(port: int, text: bytes) -> list[Message]:
    """Do what ``printf TEXT | nc -N 127.0.0.1 PORT`` does, and return what it prints."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(4096):
            received += piece
    return [decode(line) for line in received.splitlines()]


def ask(port: int, question: Message) -> Any:
    """Ask a registry one thing."""
    hello, answer = talk(port, encode(question))
    assert isinstance(hello, Hello)
    return answer


class RegistryProcessTests(SynchronousTestCase):
    """What somebody sees who runs registries in a directory."""

    def setUp(self) -> None:
        self.directory = scratch_folder(self)
        self.port = free_port()

    def start(self, *options: str, port: int | None = None, **how: Any) -> Daemon:
        """Start a registry in the foreground, on a port of its own."""
        listen = f"tcp:{port or self.port}:interface=127.0.0.1"
        daemon = Daemon("-n", "p2pmeta", "--listen", listen, *options, cwd=self.directory, **how)
        self.addCleanup(daemon.end)
        return daemon

    def test_watched(self) -> None:
        """A service manager sees the registry live, and its log is for programs if asked for."""
        watched = {"WATCHDOG_USEC": "200000"}
        registry = self.start("--log-format", "json", "--store", "memory:", environment=watched)
        registry.wait_told("WATCHDOG=1", count=3)
        registry.stop()
        lines = [json.loads(line) for line in registry.log.splitlines()]
        [ready] = [line for line in lines if line.get("place") == f"127.0.0.1:{self.port}"]
        self.assertEqual((ready["level"], ready["network"]), ("info", "default"))
        self.assertIn("listening on", ready["text"])

    def test_two_in_one_directory(self) -> None:
        """Two registries do not clash, and leave nothing but their stores behind."""
        other = free_port()
        first = self.start("--store", "sqlite:first.db")
        second = self.start("--store", "sqlite:second.db", port=other)
        for daemon, port in ((first, self.port), (second, other)):
            daemon.wait_ready()
            self.assertIn(f"listening on 127.0.0.1:{port}", daemon.wait_for_log("listening on"))
            self.assertIsInstance(ask(port, Join("s1")), Welcome)
        for daemon in (first, second):
            self.assertEqual(daemon.stop(), -signal.SIGTERM)
            self.assertNotIn("Traceback", daemon.log)
        self.assertEqual(
            {path.name for path in self.directory.iterdir()}, {"first.db", "second.db"}
        )

    def test_one_store(self) -> None:
        """Two registries with one store: the second one says what is wrong."""
        self.start().wait_ready()
        second = self.start(port=free_port())
        self.assertEqual(second.wait(), 9)
        self.assertIn("another registry uses", second.log)
        self.assertNotIn("Traceback", second.log)

    def test_busy_port(self) -> None:
        """A port that somebody else has ends it with 9, and one clear sentence."""
        self.start().wait_ready()
        second = self.start("--store", "memory:")
        self.assertEqual(second.wait(), 9)
        self.assertIn(
            f"cannot listen on tcp:{self.port}:interface=127.0.0.1: another program listens there",
            second.log,
        )
        self.assertNotIn("Traceback", second.log)

    def test_wrong_flag(self) -> None:
        """A wrong flag is told the valid one, and may be followed by it."""
        self.start().wait_ready()
        _hello, wrong, right = talk(self.port, b'XYZ\np2p {"name": "s99"}\n')
        self.assertEqual(wrong, Error("send a valid flag: P2P", "flag"))
        self.assertIsInstance(right, Welcome)
        self.assertEqual(len(talk(self.port, b"A\nB\nC\nD\n")), 4)

    def test_port_probes(self) -> None:
        """Connecting uses up nothing."""
        self.start().wait_ready()
        for _ in range(20):
            socket.create_connection(("127.0.0.1", self.port), PATIENCE).close()
        self.assertEqual(ask(self.port, Join("s1")).port, 9000)

    def test_kill_and_restart(self) -> None:
        """After kill -9 a registry knows whom it knew, tokens and ports included."""
        first = self.start().wait_ready()
        mine = ask(self.port, Join("s1"))
        ask(self.port, Renew("s1", mine.token))
        first.kill()
        self.start().wait_ready()
        self.assertEqual(ask(self.port, Renew("s1", mine.token)).port, mine.port)
        self.assertEqual(ask(self.port, Join("s1", token=mine.token)).port, mine.port)
        self.assertEqual(ask(self.port, Leave("s1", mine.token)), Bye("noted"))

    def test_name_of_the_dead(self) -> None:
        """A name whose holder does not listen any more can be taken at once."""
        self.start().wait_ready()
        mine = ask(self.port, Join("s1", port=free_port()))
        ask(self.port, Renew("s1", mine.token))
        self.assertIsInstance(ask(self.port, Join("s1")), Welcome)

    def test_closed_stdin(self) -> None:
        """Without a standard input it runs all the same."""
        self.start(stdin=None).wait_ready()
        self.assertIsInstance(ask(self.port, Join("s1")), Welcome)

    def test_nobody_reads_its_log(self) -> None:
        """A full pipe behind its standard output does not stop it."""
        write = full_pipe(self)
        self.start(stdout=write).wait_ready()
        os.close(write)
        for number in range(3):
            self.assertIsInstance(ask(self.port, Join(f"s{number}")), Welcome)

    def test_background(self) -> None:
        """Without -n it runs in the background, and SIGTERM leaves no pid file."""
        listen = f"tcp:{self.port}:interface=127.0.0.1"
        started = Daemon("p2pmeta", "--listen", listen, cwd=self.directory)
        self.addCleanup(started.end)
        self.assertEqual(started.wait(), 0, started.log)
        pid_file = self.directory / "p2pmeta.pid"
        pid = int(pid_file.read_text())
        self.addCleanup(end, pid)
        self.assertIsInstance(ask(self.port, Join("s1")), Welcome)
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not pid_file.exists(), "its end")
        names = {path.name for path in self.directory.iterdir()}
        self.assertEqual(names, {"p2pmeta.db", "p2pmeta.log"})
        self.assertIn("listening on", (self.directory / "p2pmeta.log").read_text())

    def test_busy_port_in_the_background(self) -> None:
        """Whoever starts it is told, and no pid file stays behind."""
        self.start().wait_ready()
        listen = f"tcp:{self.port}:interface=127.0.0.1"
        second = Daemon("p2pmeta", "--listen", listen, cwd=self.directory)
        self.addCleanup(second.end)
        self.assertEqual(second.wait(), 1)
        self.assertIn("cannot listen", second.log)
        self.assertFalse((self.directory / "p2pmeta.pid").exists())

    def test_usage(self) -> None:
        """An option that makes no sense is answered with what does."""
        for options, words in (
            (("--ports", "80-90"), "a range such as 9000-9009"),
            (("--store", "etcd:x"), "sqlite:FILE, etcd://HOST:PORT or memory:"),
            (("--network", "my net"), "--network takes letters"),
        ):
            daemon = self.start(*options)
            self.assertEqual(daemon.wait(), 2)
            self.assertIn(words, daemon.log)
            self.assertNotIn("Traceback", daemon.log)

    def test_beyond_loopback(self) -> None:
        """Other machines are let in only where somebody said so."""
        daemon = Daemon("-n", "p2pmeta", "--listen", f"tcp:{self.port}", cwd=self.directory)
        self.addCleanup(daemon.end)
        self.assertEqual(daemon.wait(), 2)
        self.assertIn("--insecure-lan", daemon.log)
        self.assertNotIn("Traceback", daemon.log)


def end(pid: int) -> None:
    """Make sure that a process is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
