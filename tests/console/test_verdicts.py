"""Verdicts for a script."""

import os

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.verdicts import Verdicts


class ResultsTests(SynchronousTestCase):
    """What a script reads."""

    def setUp(self) -> None:
        self.reading, self.writing = os.pipe()
        self.verdicts = Verdicts(self.writing)

    def tearDown(self) -> None:
        os.close(self.reading)
        os.close(self.writing)

    def test_words(self) -> None:
        """One word for each line."""
        self.verdicts.tell(True)
        self.verdicts.tell(False)
        self.assertEqual(os.read(self.reading, 100), b"ok\nfailed\n")

    def test_unread(self) -> None:
        """A script that does not read cannot block the peer; it gets no more verdicts."""
        for _ in range(100_000):
            self.verdicts.tell(True)
        self.assertEqual(set(os.read(self.reading, 1_000_000).split(b"\n")), {b"ok", b""})
        self.verdicts.tell(False)
        os.set_blocking(self.reading, False)
        self.assertRaises(BlockingIOError, os.read, self.reading, 100)

    def test_no_such_descriptor(self) -> None:
        """An invalid descriptor does no harm."""
        Verdicts(9_999).tell(True)
