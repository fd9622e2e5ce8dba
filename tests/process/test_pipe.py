"""The console of a peer on pipes and files."""

import os
import signal
import subprocess
import tempfile
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, wait_until
from tests.process.person import ALONE, end

_RESTS = 20


class PipeTests(SynchronousTestCase):
    """A console on pipes and what else there may be."""

    def start(self, *arguments: str, **streams: Any) -> "subprocess.Popen[bytes]":
        """Start a console."""
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **streams}
        process = subprocess.Popen([*ALONE, *arguments], **streams)
        self.addCleanup(end, process)
        return process

    def read_until(self, process: "subprocess.Popen[bytes]", line: str) -> list[str]:
        """Read what it prints, until this line."""
        assert process.stdout is not None
        lines = []
        for printed in process.stdout:
            lines.append(printed.decode().rstrip("\n"))
            if lines[-1] == line:
                return lines
        raise AssertionError("\n".join([f"never printed {line!r}", *lines]))

    def assert_stops(self, process: "subprocess.Popen[bytes]") -> None:
        """See that it still runs, and stops when it is told to."""
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_session(self) -> None:
        """Lines in, plain lines out, no prompt; then it is gone."""
        process = self.start()
        printed, _ = process.communicate(b"topo\nslow one\nleave\n", PATIENCE)
        lines = printed.decode().splitlines()
        self.assertEqual(lines[2:5], ["s1 : s2", "s2 : s1", "2 peers, 1 link, 0.04 s"])
        self.assertEqual(lines[-1], "left the network")
        self.assertNotIn(b"\x1b", printed)
        self.assertEqual(process.returncode, 0)

    def test_end_of_input(self) -> None:
        """It goes on after the end of its input, and so does its output."""
        process = self.start()
        assert process.stdin is not None
        process.stdin.write(b"noise\nslow one")
        process.stdin.close()
        self.read_until(process, "s4 joined")
        saved = (
            "saved slow one to s2/Downloads/f1.txt (20.0 MiB, id 9f2c41d07ae1c8b2, from s4, 10.9 s)"
        )
        self.read_until(process, saved)
        self.read_until(process, "s4 joined")
        self.assert_stops(process)

    def test_nothing_to_read(self) -> None:
        """Neither /dev/null nor a closed stdin ends the peer."""
        null = self.start(stdin=subprocess.DEVNULL)
        self.read_until(null, "log: nowhere")
        self.assert_stops(null)
        closed = self.start(stdin=None, preexec_fn=lambda: os.close(0), stdout=None)
        self.wait_until_it_sleeps(closed)
        self.assert_stops(closed)

    def test_file(self) -> None:
        """A file of commands is carried out."""
        with tempfile.TemporaryFile() as script:
            script.write(b"topo\nleave\n")
            script.seek(0)
            process = self.start(stdin=script)
        self.read_until(process, "left the network")
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_results(self) -> None:
        """A script can tell how each line ended."""
        reading, writing = os.pipe()
        process = self.start("--results", str(writing), pass_fds=[writing])
        os.close(writing)
        process.communicate(b"topo\n\ntpoo\nslow one\nget 7\nleave\n", PATIENCE)
        with os.fdopen(reading) as results:
            self.assertEqual(results.read().split(), ["ok", "failed", "ok", "failed", "ok"])

    def test_unread_output(self) -> None:
        """With nobody to read what it prints it runs on, in little memory, until it is stopped."""
        process = self.start()
        assert process.stdin is not None
        process.stdin.write(b"topo\n" + b"flood\n" * 10)
        process.stdin.flush()
        self.wait_until_it_sleeps(process)
        with open(f"/proc/{process.pid}/statm") as statm:
            resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        self.assertLess(resident, 100 * 1024 * 1024)
        self.assert_stops(process)

    def test_closed_output(self) -> None:
        """With its output closed the console ends, and the peer goes on."""
        process = self.start()
        self.read_until(process, "log: nowhere")
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(b"topo\n")
        process.stdin.flush()
        self.wait_until_it_sleeps(process)
        self.assert_stops(process)

    def test_full(self) -> None:
        """Where its output cannot be written, it says why, once, and does as it is told."""
        with open("/dev/full", "wb") as full:
            process = self.start(stdout=full, stderr=subprocess.PIPE)
        _, said = process.communicate(b"topo\ntopo\nleave\n", PATIENCE)
        self.assertEqual(said, b"cannot write the output: the disk is full\n")
        self.assertEqual(process.returncode, 0)

    def test_no_output(self) -> None:
        """With its output closed from the start, too, it does as it is told."""
        process = self.start(stdout=None, preexec_fn=lambda: os.close(1))
        process.communicate(b"topo\nleave\n", PATIENCE)
        self.assertEqual(process.returncode, 0)

    def wait_until_it_sleeps(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait until it has done all it has to do."""
        ticks: list[int] = []

        def has_rested() -> bool:
            ticks.append(_processor_ticks(process.pid))
            return len(ticks) > _RESTS and len(set(ticks[-_RESTS:])) == 1

        wait_until(has_rested, "rest")


def _processor_ticks(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
