"""What the operating system refuses, in words."""

import errno
import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.os_errors import (
    in_words,
    umask_fault,
    why_no_directory,
    why_unwritable,
)


class WordsTests(SynchronousTestCase):
    def test_numbers_are_left_out(self) -> None:
        """Each error has a reason, and what it is about, if that is known."""
        for error, words in (
            (OSError(errno.EACCES, "Permission denied", "/x/log"), "/x/log: permission denied"),
            (OSError(errno.ENOSPC, "No space left"), "the disk is full"),
            (OSError(errno.EIO, "Input/output error"), "the disk may be failing"),
            (OSError(errno.EPERM, "Not permitted", "/x/f"), "/x/f: it may not be changed, such as"),
            (OSError(errno.EFBIG, "File too large"), "the file system, or ulimit -f, allows"),
            (OSError(errno.EMFILE, "Too many", None), "this process may not open more files"),
            (OSError(errno.ENOENT, "No such file", b"/x/caf\xc3\xa9"), "/x/café: there is no such"),
            (OSError(errno.EPIPE, "Broken pipe", 7), "Broken pipe"),
            (OSError("others may write to it"), "others may write to it"),
            (ValueError("no number"), "no number"),
        ):
            self.assertTrue(in_words(error).startswith(words), in_words(error))

    def test_unwritable(self) -> None:
        """Why an output fails is told, unless it is as nobody reads it."""
        full = os.open("/dev/full", os.O_WRONLY)
        reader, unread = os.pipe()
        keys, terminal = os.openpty()
        for fd in (reader, keys):
            os.close(fd)
        for fd in (full, unread, terminal):
            self.addCleanup(os.close, fd)
        errors = [why_unwritable(fd) for fd in (full, unread, terminal)]
        self.assertEqual([error and error.errno for error in errors], [errno.ENOSPC, None, None])

    def test_umask(self) -> None:
        """A umask is wrong only where it takes what this user may do itself."""
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        for mask, is_wrong in ((0, False), (0o077, False), (0o777, True), (0o200, True)):
            os.umask(mask)
            fault = umask_fault()
            self.assertEqual(fault is not None, is_wrong, fault)
            self.assertEqual(os.umask(mask), mask)
        self.assertIn("with umask 200, not even this user may", str(fault))

    def test_directories(self) -> None:
        """What is no directory, is not there, and cannot be looked at, are three things."""
        here = Path(self.mktemp())
        here.mkdir(parents=True)
        (here / "file").touch()
        for path, words in (
            (here, None),
            (here / "file", "is not a directory"),
            (here / "none", "does not exist: make it first"),
            (here / "file" / "below", "cannot be used: something on the way is not a directory"),
            (here / ("x" * 5_000), "cannot be used: the name is too long"),
            (here / "x\0", "is no path: a character that none may have is in it"),
        ):
            self.assertEqual(why_no_directory(path), words)
