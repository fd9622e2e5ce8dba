"""``p2p console``: consoles on terminals of their own, of a peer in the background."""

import fcntl
import os
import pty
import select
import signal
import struct
import tempfile
import termios
import time
from typing import Self

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.networks import Network, use_own_runtime_folder
from tests.process.person import Person


class Terminal:
    """A terminal on which ``p2p console`` runs."""

    def __init__(self, columns: int = 60) -> None:
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(script("p2p"), ["p2p", "console", "--peer", "s1"], dict(os.environ))
        self.resize(columns)

    def resize(self, columns: int) -> None:
        """Change its width."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))

    def type(self, keys: str) -> Self:
        """Press keys."""
        os.write(self.fd, keys.encode())
        return self

    def wait_for(self, text: str) -> str:
        """Wait until something new is shown; gives all of it."""
        shown, deadline = "", time.monotonic() + PATIENCE
        while text not in shown:
            assert time.monotonic() < deadline, f"no {text!r} in {shown!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                shown += os.read(self.fd, 4_096).decode(errors="replace")
        return shown

    def end(self) -> int:
        """Wait for the end of the command; gives its exit code, as a shell tells it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    os.read(self.fd, 4_096)
                except OSError:
                    # Nobody has the other end open any more.
                    break
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code


@pytest.mark.slow
class AttachedConsoleTests(SynchronousTestCase):
    def test_several(self) -> None:
        """Two at a time are real consoles, and only the command leave ends the peer."""
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        self.patch(os, "environ", {**os.environ, "XDG_RUNTIME_DIR": scratch.name, "TERM": "xterm"})
        network = Network(self)
        network.start_registry()
        network.write("s2/report.txt", b"hello")
        s1, _s2 = network.start_peers("s1", "s2")
        one, other = Terminal(), Terminal(100)
        place = f"it runs in {network.directory}, where its paths begin"
        one.wait_for("s1 (1)>")
        self.assertIn(place, other.wait_for("s1 (1)>"))
        one.type("TOPO\r").wait_for("2 peers, 1 link")
        other.type("repo").type("rt\r").wait_for("saved report.txt")
        # Completion, and Ctrl-C, which clears a line.
        one.type("statu\t").wait_for("status")
        one.type("\x03").type("find report\r").wait_for("report.txt")
        one.type("\x04")
        self.assertEqual(one.end(), 0)
        self.assertTrue(s1.is_running)
        third = Terminal()
        third.wait_for("s1 (1)>")
        os.kill(third.pid, signal.SIGTERM)
        self.assertEqual(third.end(), 128 + signal.SIGTERM)
        other.type("leave\r")
        self.assertEqual(other.end(), 0)
        self.assertEqual(s1.wait(), 0)

    def test_suspending(self) -> None:
        """Control-Z gives the terminal to the shell, and fg brings the console back."""
        use_own_runtime_folder(self)
        network = Network(self)
        network.start_registry()
        [s1] = network.start_peers("s1")
        person = Person("bash", "--norc", "--noediting", "-i")
        self.addCleanup(person.end)
        person.sees("$")
        command = f"{script('p2p')} console --peer s1"
        person.type(f"{command}\n")
        person.sees("s1 (0)>")
        person.type("nothing")
        person.sees("s1 (0)> nothing")
        # In one piece, as of somebody who types fast.
        person.type(" more\x1a ")
        person.sees(f"[1]+  Stopped                 {command}")
        person.type("stty -a | grep -o ' icanon' | tr a-z A-Z\n")
        person.sees(" ICANON")
        person.type("fg\n")
        wait_until(lambda: b"\x1b[2J" in person.read(), "the console again")
        person.sees("s1 (0)> nothing more")
        person.type("\x15leave\r")
        self.assertEqual(s1.wait(), 0)
