"""What a person is told of a daemon that starts in the background."""

import contextlib
import io
import os
import socket

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.background_start import _wait


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
