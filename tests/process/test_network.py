"""A registry and a few peers in one directory, as somebody runs them in terminals."""

import contextlib
import os
import re
import signal
import socket

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.exit_status import Exit
from tests.process.daemons import PATIENCE, Daemon, full_pipe, script, wait_until
from tests.process.networks import Network, Peer, for_class
from tests.process.person import Person

_STOPPED_SECONDS = 10.0
"""Three, where nothing else keeps the machine busy."""

_CONTENT = os.urandom(300_000)


class NetworkTestCase(SynchronousTestCase):
    """
    Two peers and their registry.

    :cvar network: where they run, with whatever else tests start there.
    """

    network: Network
    registry: Daemon
    s1: Peer
    s2: Peer

    def share(self, name: str, by: Peer) -> None:
        """Put a file into the directory of a running peer."""
        self.network.write(name, _CONTENT)
        by.wait_until_shared(1)


class RunningNetworkTests(NetworkTestCase):
    """What peers do for each other, and for others: after each test they run as before it."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.network = Network(for_class(cls))
        cls.registry = cls.network.start_registry()
        cls.s1, cls.s2 = cls.network.start_peers("s1", "s2")
        cls.s1.wait_for_topology("s1", "s2")

    def test_download(self) -> None:
        """A file that is dropped into s1 is fetched by s2, once, by its bare name."""
        self.share("s1/f1.txt", self.s1)
        self.s2.answer("f1", "^saved f1.txt to s2/Downloads/f1.txt ")
        self.assertEqual(self.network.read("s2/Downloads/f1.txt"), _CONTENT)
        self.s2.answer("f1", "^f1.txt is already in s2/Downloads")
        self.s1.answer("f1", "^f1.txt is already in your directory")
        self.s2.answer("nothing", r"^no peer has nothing \(asked 1 of 1, ")
        for peer in (self.s1, self.s2):
            self.assertEqual(peer.topology(), {"s1": {"s2"}, "s2": {"s1"}})
            self.assertIn("\n2 peers, 1 link, ", peer.log)

    def test_what_is_taken(self) -> None:
        """Who would take another one's name or directory is told so, and fails."""
        ports = "|".join(map(str, self.network.ports))
        whose = f"the name s1 is taken by 127.0.0.1:({ports}) since 2"
        for name, directory, code, why in (
            ("S1", "elsewhere", Exit.CONFLICT, whose),
            ("s1", "s1", Exit.CONFLICT, "another peer runs in the directory .*s1"),
            ("s3", "s1", Exit.CONFLICT, "another peer runs in the directory .*s1"),
        ):
            (self.network.directory / directory).mkdir(exist_ok=True)
            other = self.network.start_peer(name, "--directory", directory)
            self.assertEqual(other.wait(), code, other.log)
            self.assertRegex(other.log, why)
        self.assertEqual(self.s1.topology().keys(), {"s1", "s2"})

    def test_refused_at_a_prompt(self) -> None:
        """The reason stands on a line of its own, above where the prompt was."""
        elsewhere = self.network.directory / "at-a-prompt"
        elsewhere.mkdir()
        command = ("-n", *self.network.command("s1"), f"--directory={elsewhere}")
        person = Person(script("twistd"), *command, cwd=self.network.directory)
        self.addCleanup(person.end)
        self.assertEqual(person.process.wait(PATIENCE), Exit.CONFLICT)
        [refusal] = [line for line in person.lines() if "refuses us" in line]
        self.assertTrue(refusal.startswith("the registry refuses us: the name s1 is taken"))
        self.assertNotIn("> the", "\n".join(person.lines()))

    def test_nobody_reads_its_output(self) -> None:
        """A peer whose output is a pipe that nobody reads keeps serving."""
        write = full_pipe(self)
        self.network.write("s3/f3.txt", _CONTENT[2:])
        s3 = self.network.start_peer("s3", stdout=write)
        os.close(write)
        s3.wait_ready()
        for _ in range(20):
            s3.type("help")
        self.s1.wait_for_topology("s1", "s2", "s3")
        self.s1.answer("f3", "^saved f3.txt")
        self.assertEqual(s3.stop(), -signal.SIGTERM)
        self.s1.wait_for_topology("s1", "s2")

    def test_background(self) -> None:
        """Without -n a peer serves in the background, and leaves no pid file behind."""
        self.network.write("s4/f4.txt", _CONTENT[1:])
        started = self.network.start(*self.network.command("s4"))
        self.assertEqual(started.wait(), 0, started.log)
        pid_file = self.network.directory / "p2ppeer-s4.pid"
        pid = int(pid_file.read_text())
        self.addCleanup(_end, pid)
        self.s1.wait_for_topology("s1", "s2", "s4")
        listed = r"f4\.txt +293\.0 KiB +[0-9a-f]{16} "
        wait_until(lambda: re.search(listed, self.s1.answer("ls s4", r"^\d+ files?,")), "its file")
        self.s1.answer("f4", "^saved f4.txt")
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not pid_file.exists(), "its end")
        self.s1.wait_for_topology("s1", "s2")
        self.assertIn("joined as s4", (self.network.directory / "p2ppeer-s4.log").read_text())


class EndingNetworkTests(NetworkTestCase):
    """What becomes of a network where some of it ends."""

    def setUp(self) -> None:
        self.network = Network(self)
        self.registry = self.network.start_registry()
        self.s1, self.s2 = self.network.start_peers("s1", "s2")
        self.s1.wait_for_topology("s1", "s2")

    def test_stop(self) -> None:
        """Stop ends all peers in order, and the same commands start them again, to stay."""
        self.s1.type("Stop")
        for peer in (self.s1, self.s2):
            self.assertEqual(peer.wait(_STOPPED_SECONDS), 0, peer.log)
        self.assertIn("stopped the network", self.s1.log)
        self.assertIn("s1 has stopped the network", self.s2.log)
        self.assertEqual(self.network.leftovers(), [])
        for port in self.network.ports:
            with socket.socket() as probe:
                self.assertNotEqual(probe.connect_ex(("127.0.0.1", port)), 0)
        again = self.network.start_peers("s1", "s2")
        for peer in again:
            peer.wait_for_topology("s1", "s2")
        self.assertTrue(self.registry.is_running)

    def test_leave(self) -> None:
        """The peer that leaves is forgotten at once, and the others go on."""
        self.s2.type("leave")
        self.assertEqual(self.s2.wait(), 0, self.s2.log)
        self.registry.wait_for_log("s2 is forgotten: it left")
        self.s1.wait_for_topology("s1")

    @pytest.mark.slow
    def test_signals_at_once(self) -> None:
        """Told to stop while it stops, a daemon has nothing to complain of."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.s2.send_signal(number)
        self.s2.wait()
        self.assertIn("Received SIGTERM", self.s2.log)
        self.assertIn("Received SIGINT", self.s2.log)
        self.assertNotIn("Traceback", self.s2.log)
        self.registry.wait_for_log("s2 is forgotten: it left")

    @pytest.mark.slow
    def test_killed_peer(self) -> None:
        """A peer that is killed disappears; under its name it comes back."""
        self.s2.kill()
        self.s1.wait_for_topology("s1")
        self.registry.wait_for_log("s2 is forgotten: it does not answer")
        self.network.start_peers("s2")
        self.s1.wait_for_topology("s1", "s2")

    @pytest.mark.slow
    def test_killed_registry(self) -> None:
        """Peers do not need the registry; when it is back, newcomers can come."""
        self.share("s1/f1.txt", self.s1)
        self.registry.kill()
        self.s2.answer("f1.txt", "^saved f1.txt")
        self.assertEqual(self.network.read("s2/Downloads/f1.txt"), _CONTENT)
        self.s1.wait_for_topology("s1", "s2")
        self.registry = self.network.start_registry()
        self.registry.wait_for_log("2 peers are known from before")
        self.network.start_peers("s3")
        self.s1.wait_for_topology("s1", "s2", "s3")


class StartingTests(SynchronousTestCase):
    """Peers that start where something is missing."""

    def setUp(self) -> None:
        self.network = Network(self)

    def test_before_its_registry(self) -> None:
        """A peer that is there before its registry joins when that comes."""
        s1 = self.network.start_peer("s1")
        s1.wait_for_log("no registry listens")
        self.network.start_registry()
        s1.wait_ready()
        s1.wait_for_topology("s1")
        # Once on the console, beside the line in the log.
        self.assertEqual(s1.log.count("\nno registry listens"), 1)

    def test_without_a_name(self) -> None:
        """Where nobody can be asked for it, --name is needed."""
        nameless = self.network.start("-n", "p2ppeer")
        self.assertEqual(nameless.wait(), 2)
        self.assertIn("say who this is: --name s1", nameless.log)


def _end(pid: int) -> None:
    """Make sure that a process is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
