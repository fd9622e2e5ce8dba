"""Flushing a whole file system, where that promises as much as to flush each file."""

import os

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime import file_systems, flush
from p2p_twisted.runtime.file_systems import kind_of
from p2p_twisted.runtime.flush import flush_all


class FlushTests(SynchronousTestCase):
    """A folder on a file system that a test says the kind of."""

    def setUp(self) -> None:
        self.fd = os.open(".", os.O_RDONLY)
        self.addCleanup(os.close, self.fd)
        self.flushed: list[int] = []
        self.outcome = 0
        self.patch(flush, "_syncfs", lambda: self.syncfs)
        self.patch(flush, "kind_of", lambda _fd: "ext4")

    def syncfs(self, fd: int) -> int:
        self.flushed.append(fd)
        return self.outcome

    def test_promised(self) -> None:
        """It is safe once the system has said so."""
        self.assertTrue(flush_all(self.fd))
        self.assertEqual(self.flushed, [self.fd])

    def test_failed(self) -> None:
        """It is not where anything could not be written."""
        self.outcome = -1
        self.assertFalse(flush_all(self.fd))

    def test_not_promised(self) -> None:
        """Where errors may not be told, nothing is flushed, as it would promise nothing."""
        for kind in ("overlay", "nfs4", "fuseblk", None):
            self.patch(flush, "kind_of", lambda _fd, kind=kind: kind)
            self.assertFalse(flush_all(self.fd))
        self.patch(flush, "_syncfs", lambda: None)
        self.assertFalse(flush_all(self.fd))
        self.assertEqual(self.flushed, [])


class SystemTests(SynchronousTestCase):
    """What this system can do."""

    def test_releases(self) -> None:
        """Systems that keep errors to themselves are not asked."""
        for release, tells in (
            ("5.16.20-generic", False),
            ("4.19.0", False),
            ("unknown", False),
            ("5.17.0", True),
            ("6.1.0-18-amd64", True),
            ("10.0", True),
        ):
            names = os.uname_result(("Linux", "host", release, "#1", "x86_64"))
            self.patch(os, "uname", lambda names=names: names)
            self.assertEqual(flush._syncfs.__wrapped__() is not None, tells, release)

    def test_kinds(self) -> None:
        """The kind of a file system is told by a file that is open on it."""
        for path, kind in (("/proc", "proc"), ("/sys", "sysfs")):
            fd = os.open(path, os.O_RDONLY)
            self.addCleanup(os.close, fd)
            self.assertEqual(kind_of(fd), kind)
        self.patch(file_systems, "_OPENED", "/nowhere/fdinfo")
        self.assertIsNone(kind_of(fd))
