"""What a daemon sets once in its process, and whom it tells how it is."""

import gc
import os
import resource
import socket
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

from twisted.internet.error import ReactorNotRunning
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.startup import (
    notify,
    open_files_limit,
    raise_file_limit,
    spare_what_stays,
    stop_at_most_once,
    use_monotonic_clock,
)


class NotifyTests(SynchronousTestCase):
    """Words for the service manager."""

    def _heard(self, bound: str, told: str) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(bound)
            manager.setblocking(False)
            with mock.patch.dict(os.environ, NOTIFY_SOCKET=told):
                notify("READY=1\nSTATUS=listening")
            return manager.recv(100)

    def test_path(self) -> None:
        """A socket in the file system is told."""
        with tempfile.TemporaryDirectory() as directory:
            path = str(Path(directory) / "s")
            self.assertEqual(self._heard(path, path), b"READY=1\nSTATUS=listening")

    def test_abstract(self) -> None:
        """A socket without a file is told."""
        name = f"p2p-test-{os.getpid()}"
        self.assertEqual(self._heard(f"\0{name}", f"@{name}"), b"READY=1\nSTATUS=listening")

    def test_nobody(self) -> None:
        """Without a service manager, or with a dead one, nothing happens."""
        with mock.patch.dict(os.environ):
            os.environ.pop("NOTIFY_SOCKET", None)
            notify("READY=1")
            os.environ["NOTIFY_SOCKET"] = "/nonexistent/socket"
            notify("READY=1")


class ProcessTests(SynchronousTestCase):
    """What is set once per process."""

    def test_monotonic_clock(self) -> None:
        """Timers are not moved by whoever sets the clock."""
        reactor = mock.Mock()
        use_monotonic_clock(reactor)
        self.assertIs(reactor.seconds, time.monotonic)

    def test_stopped_twice(self) -> None:
        """Who stops a daemon that already stops is no error."""
        reactor = mock.Mock()
        stop = reactor.stop
        stop.side_effect = [None, ReactorNotRunning()]
        stop_at_most_once(reactor)
        reactor.stop()
        reactor.stop()
        self.assertEqual(stop.call_count, 2)

    def test_file_limit(self) -> None:
        """As many files may be open as the administrator allows."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
        raise_file_limit()
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), (hard, hard))
        self.assertIn(open_files_limit(), (hard, sys.maxsize))

    def test_spares_what_stays(self) -> None:
        """The garbage collector looks at nothing that was there before the daemon ran."""
        self.addCleanup(gc.unfreeze)
        spare_what_stays()
        self.assertGreater(gc.get_freeze_count(), 10_000)
        self.assertLess(len(gc.get_objects()), 1_000)
