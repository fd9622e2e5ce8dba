"""What a person is told of a daemon that starts in the background."""

import contextlib
import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli import daemon
from p2p_twisted.cli.background_start import _wait
from p2p_twisted.cli.daemon_options import Kind

_PROGRAM = """
import os, sys, time
from pathlib import Path
from p2p_twisted.cli.background_start import start_in_background
from p2p_twisted.runtime.service_manager import notify
def shows(process):
    place = Path("/proc") / process
    return b"p2p1-code" in (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
if (status := start_in_background({"p2p1-code", ""})) is not None:
    sys.exit(status)
parent, until = str(os.getppid()), time.monotonic() + 15
while shows(parent) and time.monotonic() < until:
    time.sleep(0.01)
print(shows(parent), shows("self"), sys.argv[1:], os.environ["P2P_INVITE"], flush=True)
notify("READY=1")
"""


class WaitTests(SynchronousTestCase):
    def test_not_ready_yet(self) -> None:
        """Why it is not ready yet is said at once, and that it is ready ends the waiting."""
        told, daemon = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ended, alive = os.pipe()
        self.addCleanup(os.close, ended)
        self.addCleanup(os.close, alive)
        with told, daemon, contextlib.redirect_stderr(io.StringIO()) as said:
            daemon.send(b"STATUS=no registry listens there")
            daemon.send(b"READY=1\nSTATUS=s1")
            self.assertEqual(_wait(told, ended, 0), 0)
        self.assertEqual(said.getvalue(), "not ready yet: no registry listens there\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a program do this")
def test_who_waits_shows_no_invite(tmp_path: Path) -> None:
    """The one that waits hides an invite at once; the daemon has it until it has done its work."""
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    given = {**os.environ, "P2P_INVITE": "p2p1-code", "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, str(program), "--join", "p2p1-code", "--join=p2p1-code"]
    ended = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert ended.stdout == "False True ['--join', 'p2p1-code', '--join=p2p1-code'] p2p1-code\n"


@pytest.mark.parametrize("kind", ["peer", "registry"])
def test_invites_to_hide(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invite is hidden wherever it was given."""
    hidden: list[set[str]] = []

    def start(codes: set[str]) -> int:
        hidden.append(codes)
        return 0

    monkeypatch.setattr(daemon, "start_in_background", start)
    monkeypatch.setenv("P2P_INVITE", "p2p1-other")
    daemon.run_daemon(kind, ["--background", "--join", "p2p1-code"])
    monkeypatch.delenv("P2P_INVITE")
    daemon.run_daemon(kind, ["--background"])
    assert hidden == [{"p2p1-code", "p2p1-other"}, set()]
