"""Who is at the other end of a daemon's socket."""

import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.socket_index import make_socket_folder, running_peers, session_at, user_at


class _OfMacOS:
    """A socket of macOS, of which user 501 is at the other end."""

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Give as much of struct xucred as there is room for."""
        assert (level, option) == (0, 1)
        return struct.pack("=IIh16I", 0, 501, 1, *range(16))[:size]


class UserTests(SynchronousTestCase):
    """The user at the other end."""

    def test_this_system(self) -> None:
        """It is this one, where this process has both ends."""
        ends = socket.socketpair(socket.AF_UNIX)
        for end in ends:
            self.addCleanup(end.close)
            self.assertEqual((user_at(end), session_at(end)), (os.getuid(), os.getsid(0)))

    def test_macos(self) -> None:
        """There, the system tells in its own way, and not of which process."""
        self.patch(socket, "SO_PEERCRED", None)
        connected: Any = _OfMacOS()
        self.assertEqual((user_at(connected), session_at(connected)), (501, 0))


class RunningTests(SynchronousTestCase):
    """Which peers run."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir(parents=True)
        self.patch(os, "environ", {**os.environ, "XDG_RUNTIME_DIR": str(folder.absolute())})

    def bound(self, pid: int) -> Path:
        """Have a place that nobody answers at yet, as if a process had it."""
        path = make_socket_folder() / f"anna.{pid}.sock"
        end = socket.socket(socket.AF_UNIX)
        self.addCleanup(end.close)
        here = Path.cwd()
        self.addCleanup(os.chdir, here)
        # The path of a socket must not be long.
        os.chdir(path.parent)
        end.bind(path.name)
        os.chdir(here)
        return path

    def test_starting(self) -> None:
        """One that has its place but does not listen yet keeps that."""
        path = self.bound(os.getpid())
        self.assertEqual(list(running_peers()), [])
        self.assertTrue(path.exists())

    def test_killed(self) -> None:
        """What one has left that runs no more is removed."""
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        paths = [self.bound(ended.pid), self.bound(10**20)]
        self.assertEqual(list(running_peers()), [])
        self.assertFalse(any(path.exists() for path in paths))
