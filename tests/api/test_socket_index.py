"""Who is at the other end of a daemon's socket."""

import os
import socket
import struct
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.socket_index import session_at, user_at


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
