"""What ``p2p up`` starts it ends, whatever happens."""

import contextlib
import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, scratch_folder, wait_until

_STANDIN = Path(__file__).with_name("standin.py")
_ROOT = Path(__file__).parents[2]

# Runs p2p up with stand-ins for the daemons: up.py PEERS SCRIPT KEEP.
_DRIVER = f"""
import sys
from p2p_twisted.cli.up import up
peers, script, keep = eval(sys.argv[1])
def command(log, arguments):
    return [sys.executable, "-SE", {str(_STANDIN)!r}, str(log), *arguments]
sys.exit(up(peers, script, keep, command))
"""


class Up:
    """A running ``p2p up`` with stand-ins for the daemons, and a temporary directory."""

    def __init__(
        self,
        case: SynchronousTestCase,
        peers: int = 3,
        script: list[str] | None = None,
        keep: bool = False,
        faults: str = "",
        stdin: int = subprocess.PIPE,
    ) -> None:
        self.scratch = scratch_folder(case)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER, repr((peers, script, keep))],
            cwd=_ROOT,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(self.scratch), "STANDIN": faults},
            text=True,
            start_new_session=True,
            preexec_fn=take_terminal if stdin != subprocess.PIPE else None,
        )
        case.addCleanup(self._end)

    def _end(self) -> None:
        self.process.kill()
        # After a failure they may run on, and keep its pipes open.
        for pid in self.pids().values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.communicate()

    def pids(self) -> dict[str, int]:
        """Tell the process ids of the daemons that have started, by name."""
        texts = {file: file.read_text() for file in self.scratch.glob("p2p-*/logs/*.pid")}
        return {file.name.partition(".")[0]: int(text) for file, text in texts.items() if text}

    def wait_for_console(self) -> dict[str, int]:
        """Wait until all run, s1 last; gives their process ids."""
        wait_until(lambda: self.pids().get("s1"), "s1")
        return self.pids()

    def finish(self, typed: str | None = None) -> tuple[int, str, str]:
        """Give the exit status, and what it printed."""
        output, errors = self.process.communicate(typed, PATIENCE)
        return self.process.returncode, output, errors

    def is_clean(self) -> bool:
        """Whether no file is left."""
        return list(self.scratch.iterdir()) == []


def take_terminal() -> None:
    """Make stdin the controlling terminal of this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def is_running(pid: int) -> bool:
    """Tell whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class EndTests(SynchronousTestCase):
    """Nothing stays behind."""

    def test_leave(self) -> None:
        """When s1 leaves, everything ends, and it is a success."""
        up = Up(self)
        pids = up.wait_for_console()
        status, output, errors = up.finish("leave\n")
        self.assertEqual((status, errors), (0, ""))
        self.assertIn("welcome", output)
        self.assertEqual(set(pids), {"registry", "s1", "s2", "s3"})
        self.assertFalse(any(map(is_running, pids.values())))
        self.assertTrue(up.is_clean())

    def test_lines_fail(self) -> None:
        """The exit status of s1's script is that of all."""
        up = Up(self)
        up.wait_for_console()
        status, _, errors = up.finish("get nothere\n")
        self.assertEqual((status, errors), (4, ""))
        self.assertTrue(up.is_clean())

    def test_signals(self) -> None:
        """A signal ends everything, in the middle of a session."""
        for number, expected in ((signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            up = Up(self)
            pids = up.wait_for_console()
            up.process.send_signal(number)
            status, _, _ = up.finish()
            self.assertEqual(status, expected)
            self.assertFalse(any(map(is_running, pids.values())))
            self.assertTrue(up.is_clean())

    def test_signal_while_starting(self) -> None:
        """A signal ends everything while some are not ready yet."""
        up = Up(self, faults="s2=mute")
        wait_until(lambda: "s2" in up.pids(), "s2")
        pids = up.pids()
        up.process.send_signal(signal.SIGTERM)
        self.assertEqual(up.finish()[0], 143)
        self.assertFalse(any(map(is_running, pids.values())))
        self.assertTrue(up.is_clean())

    @pytest.mark.slow
    def test_stubborn_daemon(self) -> None:
        """A daemon that ignores SIGTERM is killed."""
        up = Up(self, faults="s2=stays")
        pids = up.wait_for_console()
        self.assertEqual(up.finish("leave\n")[0], 0)
        self.assertFalse(is_running(pids["s2"]))
        self.assertTrue(up.is_clean())

    def test_peer_dies(self) -> None:
        """When another peer is killed, the session goes on."""
        up = Up(self)
        pids = up.wait_for_console()
        os.kill(pids["s3"], signal.SIGKILL)
        status, output, _ = up.finish("TOPO\nleave\n")
        self.assertEqual(status, 0)
        self.assertIn("did TOPO", output)
        self.assertTrue(up.is_clean())

    def test_s1_crashes(self) -> None:
        """When s1 ends in disorder, so does the command."""
        up = Up(self)
        up.wait_for_console()
        status, _, errors = up.finish("crash\n")
        self.assertEqual(status, 1)
        self.assertIn("s1 ended with status 1", errors)
        self.assertTrue(up.is_clean())

    def test_keep(self) -> None:
        """With --keep the files stay."""
        up = Up(self, keep=True)
        status, output, _ = up.finish("leave\n")
        self.assertEqual(status, 0)
        [kept] = up.scratch.iterdir()
        self.assertIn(f"kept in {kept}", output)
        self.assertEqual((kept / "s2" / "f2.txt").read_text(), "This is f2.txt, of s2.\n")

    def test_reader_is_gone(self) -> None:
        """When nobody reads the output any more, everything ends quietly."""
        up = Up(self, script=["one"])
        assert up.process.stdout is not None
        up.process.stdout.close()
        up.process.wait(PATIENCE)
        assert up.process.stderr is not None
        self.assertEqual(up.process.stderr.read(), "")
        self.assertEqual(up.process.returncode, 1)
        self.assertTrue(up.is_clean())


class StartTests(SynchronousTestCase):
    """What cannot start is told."""

    def test_daemon_dies(self) -> None:
        """A daemon that ends before it is ready: its name, and what it said."""
        up = Up(self, faults="s2=dies")
        status, _, errors = up.finish()
        self.assertEqual(status, 1)
        self.assertIn("s2 ended with status 1:", errors)
        self.assertIn("it cannot start", errors)
        self.assertIn("p2ppeer starts", errors)
        self.assertTrue(up.is_clean())

    def test_registry_dies(self) -> None:
        """Without a registry no peer is started."""
        up = Up(self, faults="registry=dies")
        self.assertIn("registry ended with status 1", up.finish()[2])


class TerminalTests(SynchronousTestCase):
    """On a terminal."""

    def test_ctrl_c(self) -> None:
        """One Ctrl-C ends all, in order."""
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        up = Up(self, stdin=terminal)
        os.close(terminal)
        pids = up.wait_for_console()
        os.write(ours, b"\x03")
        self.assertEqual(up.finish()[0], 0)
        self.assertFalse(any(map(is_running, pids.values())))
        self.assertTrue(up.is_clean())

    def test_terminal_is_restored(self) -> None:
        """A console that is killed leaves the terminal as it was."""
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, terminal)
        before = termios.tcgetattr(terminal)
        up = Up(self, stdin=terminal)
        pids = up.wait_for_console()
        os.write(ours, b"raw\n")
        wait_until(lambda: termios.tcgetattr(terminal) != before, "raw mode")
        os.kill(pids["s1"], signal.SIGKILL)
        self.assertEqual(up.finish()[0], 1)
        self.assertEqual(termios.tcgetattr(terminal), before)


class ScriptTests(SynchronousTestCase):
    """A script instead of a person."""

    def test_success(self) -> None:
        """Each line is shown before its output, the comments as narration."""
        up = Up(self, script=["# First this:", "", "  one  ", "two", "# The end."])
        status, output, errors = up.finish()
        self.assertEqual((status, errors), (0, ""))
        self.assertIn("First this:\n\ns1> one\n", output)
        self.assertIn("did one\ns1> two\ndid two\nThe end.\n", output)
        self.assertTrue(up.is_clean())

    def test_failure(self) -> None:
        """The first line that fails is named, and no further one is run."""
        up = Up(self, script=["one", "nonsense", "two"])
        status, output, errors = up.finish()
        self.assertEqual(status, 1)
        self.assertIn("line 2, 'nonsense', failed", errors)
        self.assertIn("did nonsense", output)
        self.assertNotIn("two", output)
        self.assertTrue(up.is_clean())

    def test_end_of_the_peer(self) -> None:
        """A peer that ends within a line has failed it."""
        up = Up(self, script=["crash", "one"])
        status, _, errors = up.finish()
        self.assertEqual(status, 1)
        self.assertIn("line 1, 'crash', failed: the peer ended", errors)

    def test_signal(self) -> None:
        """A signal ends it in the middle of a line."""
        up = Up(self, script=["hang"])
        pids = up.wait_for_console()
        up.process.send_signal(signal.SIGINT)
        self.assertEqual(up.finish()[0], 130)
        self.assertFalse(any(map(is_running, pids.values())))
