"""The history on the disk."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.history_file import HISTORY_BYTES, HistoryFile
from p2p_twisted.runtime.own_folder import OwnFolder


class HistoryFileTests(SynchronousTestCase):
    """Lines, kept over restarts."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.path = self.folder / "history"

    def reopened(self, *lines: str) -> list[str]:
        """Keep some lines, and see what the next run gets."""
        file = HistoryFile(OwnFolder(self.folder))
        file.open()
        for line in lines:
            file.append(line)
        file.close()
        again = HistoryFile(OwnFolder(self.folder))
        self.addCleanup(again.close)
        return again.open()

    def test_kept(self) -> None:
        """What was entered is there again, for this user alone."""
        self.assertEqual(self.reopened("topo", "get häuser 日本"), ["topo", "get häuser 日本"])
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.reopened("ls"), ["topo", "get häuser 日本", "ls"])

    def test_names(self) -> None:
        """Lines with what names may have are kept, too, though it cannot be seen."""
        self.assertEqual(self.reopened("get 1.23\u202fPM.png"), ["get 1.23\u202fPM.png"])

    def test_bounded(self) -> None:
        """A thousand lines are kept; the file is shortened at the next start."""
        self.assertEqual(self.reopened(*map(str, range(3_000)))[::999], ["2000", "2999"])
        self.assertEqual(len(self.path.read_text().splitlines()), 1_000)
        self.reopened(*["x" * 4_000] * 200)
        self.assertLess(self.path.stat().st_size, HISTORY_BYTES)

    def test_damaged(self) -> None:
        """What cannot be a line is passed over: half a line, control characters, no text."""
        self.reopened("topo")
        self.path.write_bytes(b"topo\n\x1b[2J\nls\n\xff\xfe\n  \nhalf")
        self.assertEqual(self.reopened(), ["topo", "ls", "\ufffd\ufffd"])

    def test_not_kept(self) -> None:
        """Where it cannot be kept, the console goes on without."""
        self.folder.mkdir(mode=0o700)
        self.path.mkdir()
        self.assertEqual(self.reopened("topo"), [])

    def test_full_disk(self) -> None:
        """A disk that becomes full costs what follows."""
        file = HistoryFile(OwnFolder(self.folder))
        file.open()
        full = os.open("/dev/full", os.O_WRONLY)
        assert file._fd is not None
        os.dup2(full, file._fd)
        os.close(full)
        file.append("topo")
        self.assertIsNone(file._fd)
        file.append("topo")
        file.close()
