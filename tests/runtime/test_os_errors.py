"""What the operating system refuses, in words."""

import errno
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.os_errors import in_words, why_no_directory


class WordsTests(SynchronousTestCase):
    def test_numbers_are_left_out(self) -> None:
        """Each error has a reason, and what it is about, if that is known."""
        for error, words in (
            (OSError(errno.EACCES, "Permission denied", "/x/log"), "/x/log: permission denied"),
            (OSError(errno.ENOSPC, "No space left"), "the disk is full"),
            (OSError(errno.EIO, "Input/output error"), "it cannot be read or written; the disk"),
            (OSError(errno.EFBIG, "File too large"), "the file system, or ulimit -f, allows"),
            (OSError(errno.EMFILE, "Too many", None), "this process may not open more files"),
            (OSError(errno.ENOENT, "No such file", b"/x/caf\xc3\xa9"), "/x/café: there is no such"),
            (OSError(errno.EPIPE, "Broken pipe", 7), "Broken pipe"),
            (OSError("others may write to it"), "others may write to it"),
            (ValueError("no number"), "no number"),
        ):
            self.assertTrue(in_words(error).startswith(words), in_words(error))

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
