"""What a service manager is told."""

import os
import socket
import tempfile
from pathlib import Path
from unittest import mock

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.service_manager import notify, watchdog, writes_to_journal


class JournalTests(SynchronousTestCase):
    """What is written where systemd's journal takes it up."""

    def test_journal(self) -> None:
        """Only what the variable names is the journal: programs inherit it that write elsewhere."""
        with tempfile.TemporaryFile() as journal, tempfile.TemporaryFile() as other:
            status = os.fstat(journal.fileno())
            named = f"{status.st_dev}:{status.st_ino}"
            with mock.patch.dict(os.environ, JOURNAL_STREAM=named):
                self.assertTrue(writes_to_journal(journal.fileno()))
                self.assertFalse(writes_to_journal(other.fileno()))
                self.assertFalse(writes_to_journal(9_999))
            with mock.patch.dict(os.environ):
                os.environ.pop("JOURNAL_STREAM", None)
                self.assertFalse(writes_to_journal(journal.fileno()))


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


class WatchdogTests(SynchronousTestCase):
    """Signs of life, as long as the reactor runs."""

    def test_alive(self) -> None:
        """It is told twice in the interval, and nothing once the daemon stops."""
        name, clock = f"p2p-watchdog-{os.getpid()}", Clock()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(f"\0{name}")
            manager.setblocking(False)
            with mock.patch.dict(os.environ, NOTIFY_SOCKET=f"@{name}", WATCHDOG_USEC="4000000"):
                timer = watchdog(clock)
                assert timer is not None
                timer.startService()
                clock.pump([1.0] * 6)
                timer.stopService()
                clock.pump([1.0] * 6)
            heard = [manager.recv(100) for _ in range(4)]
            self.assertEqual(heard, [b"WATCHDOG=1"] * 4)
            self.assertRaises(BlockingIOError, manager.recv, 100)

    def test_not_watched(self) -> None:
        """Nor is it told where nobody asks for it, or where another process is meant."""
        for asked in (
            {},
            {"WATCHDOG_USEC": "0"},
            {"WATCHDOG_USEC": "soon"},
            {"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"},
        ):
            with mock.patch.dict(os.environ, asked):
                self.assertIsNone(watchdog(Clock()))
